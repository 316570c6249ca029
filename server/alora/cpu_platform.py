"""Hook: the CPU backend uses our LoRA kernel.

What vLLM does: each platform names the class of its LoRA kernel in `get_punica_wrapper`. The CPU's own kernel gives
rows without an adapter the weights of the last slot, so every batch that mixes base and adapter rows is wrong, and
with activated adapters almost every batch is mixed.

What we change: the name. `cpu_kernel` says what ours does.
"""

from typing import Any

from .hook import Hook

KERNEL = "server.alora.cpu_kernel.MixedBatchPunicaCPU"


def _install(module: Any) -> None:
    module.CpuPlatform.get_punica_wrapper = classmethod(lambda cls: KERNEL)


HOOK = Hook(
    module="vllm.platforms.cpu",
    install=_install,
    sources={
        "vllm.platforms.cpu:CpuPlatform.get_punica_wrapper": "dc365340184c3a2c",
        "vllm.lora.punica_wrapper.punica_base:PunicaWrapperBase._update_base_metadata": "e0c8bab8013a624b",
        "vllm.lora.punica_wrapper.punica_base:PunicaWrapperBase.update_metadata": "d495e482e77f030a",
        "vllm.lora.punica_wrapper.punica_cpu:PunicaWrapperCPU.add_shrink": "9f23da17c3d69ba2",
        "vllm.lora.punica_wrapper.punica_cpu:PunicaWrapperCPU.add_expand": "34821311b51e25a0",
        "vllm.lora.punica_wrapper.utils:convert_mapping": "f95d398f21afb453",
        "vllm.lora.layers.base_linear:BaseLinearLayerWithLoRA._apply_lora_to_output": "57c8604ccec2e37f",
    },
)
