"""Activated LoRA for vLLM, as a plugin of its group `vllm.general_plugins`.

vLLM calls `register()` in each of its processes. The hooks stand one in a module, with what vLLM does, what is changed
and why that is right. Nothing here imports vLLM or torch.
"""

import logging
import os
from importlib.metadata import entry_points

from . import admission, block_hash, cpu_platform, peft_config, v1_runner, v2_runner
from .hook import misfit
from .on_import import on_import

_HOOKS = tuple(m.HOOK for m in (admission, block_hash, peft_config, v1_runner, v2_runner, cpu_platform))

PLUGIN = "dualtune_alora"
"""The name of the entry point in pyproject.toml."""


def supported() -> str | None:
    """Why activated adapters cannot be used here, in one line with the remedy; None if they can.

    The same holds for LoRA adapters in general where vLLM runs on a CPU, whose own kernel is wrong for mixed batches.
    """
    plugins = os.environ.get("VLLM_PLUGINS")
    if plugins is not None and PLUGIN not in plugins.split(","):
        return f"VLLM_PLUGINS leaves out {PLUGIN}: add it, or unset the variable"
    if not entry_points(group="vllm.general_plugins", name=PLUGIN):
        return f"vLLM will not find the plugin {PLUGIN}: install this package with pip, do not just put it on the path"
    return misfit(_HOOKS)


def register() -> None:
    """Install the hooks in this process; where they do not fit, say so and leave vLLM as it is.

    vLLM by itself refuses checkpoints of activated adapters, so without the hooks none can be served wrongly.
    """
    if reason := misfit(_HOOKS):
        logging.getLogger(__name__).warning("activated adapters are off: %s", reason)
    else:
        on_import({hook.module: hook.install for hook in _HOOKS})
