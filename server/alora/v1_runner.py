"""Hook: tokens before the invocation run without the adapter, in vLLM's V1 model runner (CPU and GPU).

What vLLM does: before each forward pass `set_active_loras` tells the LoRA kernels the adapter of every token: all
tokens of a request have the request's adapter.

What we change: tokens whose absolute position lies before the invocation have none.

Why it is right: the first token of a request in a step stands at `num_computed_tokens`, whatever brought it there: a
chunked prefill, a hit in the prefix cache, or the recomputation after a preemption. That number is exact as long as
the prompt is being computed (speculation and asynchronous scheduling run ahead of it only later), and the invocation
lies in the prompt. The kernels take a mapping of tokens: on the GPU they read it from a buffer that CUDA graphs
replay with, and leave tokens without an adapter alone. The mapping of sampled tokens stays the request's: what is
sampled comes after the invocation.

The V1 runner is the one that was run, on the CPU; on a GPU it has not been run.
"""

from typing import Any

from .hook import Hook
from .invocation import adapter_of_tokens, invocation_start


def _install(module: Any) -> None:
    mapping_types = module.LoRAMappingType

    def set_active_loras(
        self: Any,
        input_batch: Any,
        num_scheduled_tokens: Any,
        num_sampled_tokens: Any = None,
        mapping_type: Any = mapping_types.LANGUAGE,
    ) -> None:
        if num_sampled_tokens is None:
            num_sampled_tokens = module.np.ones_like(num_scheduled_tokens, dtype=module.np.int32)
        of_samples, of_tokens, loras = input_batch.make_lora_inputs(num_scheduled_tokens, num_sampled_tokens)
        req_ids = input_batch.req_ids[: input_batch.num_reqs]
        starts = [invocation_start(self.requests[req_id].sampling_params) for req_id in req_ids]
        if any(start is not None for start in starts):
            computed = input_batch.num_computed_tokens_cpu[: input_batch.num_reqs]
            of_tokens = adapter_of_tokens(of_tokens, starts, computed, num_scheduled_tokens)
        self._set_active_loras(of_samples, of_tokens, loras, mapping_type)

    module.LoRAModelRunnerMixin.set_active_loras = set_active_loras


HOOK = Hook(
    module="vllm.v1.worker.lora_model_runner_mixin",
    install=_install,
    sources={
        "vllm.v1.worker.lora_model_runner_mixin:LoRAModelRunnerMixin.set_active_loras": "b706b820550c0679",
        "vllm.v1.worker.lora_model_runner_mixin:LoRAModelRunnerMixin._set_active_loras": "9fc864a554db5746",
        "vllm.v1.worker.gpu_input_batch:InputBatch.make_lora_inputs": "bd9f00169c9791d7",
        "vllm.v1.worker.gpu_model_runner:GPUModelRunner._prepare_inputs": "c31a77c123a09a04",
        "vllm.lora.punica_wrapper.punica_gpu:PunicaWrapperGPU.update_metadata": "79e3a33d5e3af38e",
        "vllm.lora.ops.triton_ops.lora_kernel_metadata:LoRAKernelMeta.prepare_tensors": "8da5aaba30a99add",
        "vllm.lora.ops.triton_ops.lora_kernel_metadata:LoRAKernelMeta.meta_args": "1d80969701a7e965",
    },
)
