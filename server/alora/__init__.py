"""Activated LoRA for vLLM, as a plugin of its group `vllm.general_plugins`.

vLLM calls `register()` in each of its processes. The hooks stand one in a module, with what vLLM does, what is changed
and why that is right. Nothing here imports vLLM or torch.
"""

import logging

from . import admission, block_hash, cpu_platform, peft_config, v1_runner, v2_runner
from .hook import misfit
from .on_import import on_import

_HOOKS = tuple(m.HOOK for m in (admission, block_hash, peft_config, v1_runner, v2_runner, cpu_platform))


def supported() -> str | None:
    """Why activated adapters cannot be used here, in one line with the remedy; None if they can."""
    return misfit(_HOOKS)


def register() -> None:
    """Install the hooks in this process; where they do not fit, say so and leave vLLM as it is.

    vLLM by itself refuses checkpoints of activated adapters, so without the hooks none can be served wrongly.
    """
    if reason := supported():
        logging.getLogger(__name__).warning("activated adapters are off: %s", reason)
    else:
        on_import({hook.module: hook.install for hook in _HOOKS})
