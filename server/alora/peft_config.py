"""Hook: vLLM loads checkpoints of activated adapters.

What vLLM does: when a worker loads an adapter, `PEFTHelper` reads PEFT's `adapter_config.json` and lists what vLLM
cannot serve; a configuration with `alora_invocation_tokens` is on that list.

What we change: that one entry is dropped.

Why it is right: the weights of an activated adapter are those of an ordinary LoRA on linear layers, and load as such.
What differs is where they apply, which the other hooks see to. A request that would apply them elsewhere is refused
(`admission`).
"""

from typing import Any

from .hook import Hook

REFUSAL = "vLLM does not support Activated LoRA (aLoRA)."


def _install(module: Any) -> None:
    helper = module.PEFTHelper
    original = helper._validate_features

    def _validate_features(self: Any) -> list[str]:
        return [problem for problem in original(self) if problem != REFUSAL]

    helper._validate_features = _validate_features


HOOK = Hook(
    module="vllm.lora.peft_helper",
    install=_install,
    sources={"vllm.lora.peft_helper:PEFTHelper._validate_features": "d66eb9c96f5e2b7d"},
)
