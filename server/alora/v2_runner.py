"""Hook: tokens before the invocation run without the adapter, in vLLM's V2 model runner (GPU only).

What vLLM does: `LoraState` holds the adapter id of each of the runner's request slots, and `make_lora_inputs` repeats
it over all tokens of the request, before each forward pass.

What we change: `LoraState` also holds where the adapter of each slot begins to apply, and tokens before that position
have none.

Why it is right: as in `v1_runner`. `RequestState.num_computed_tokens_np` is the number of tokens before the step; it
is an upper bound only once tokens are being sampled. A preempted request leaves its slot and comes back as a new one.

Written from vLLM's source and not run on a GPU: `tests/server/alora/test_gpu.py` runs it where there is one.
"""

from typing import Any

from .hook import Hook
from .invocation import adapter_of_tokens, invocation_start


def _install(module: Any) -> None:
    _record_starts(module.GPUModelRunner)
    _apply_starts(module.LoraState)


def _record_starts(runner: Any) -> None:
    original = runner.add_requests

    def add_requests(self: Any, scheduler_output: Any) -> None:
        original(self, scheduler_output)
        state = self.lora_state
        if not hasattr(state, "alora_starts"):
            state.alora_starts = {}
            state.alora_computed = self.req_states.num_computed_tokens_np
        for new in scheduler_output.scheduled_new_reqs:
            slot = self.req_states.req_id_to_index[new.req_id]
            # Written for every new request: the slot may have had another one.
            state.alora_starts[slot] = invocation_start(new.sampling_params)

    runner.add_requests = add_requests


def _apply_starts(lora_state: Any) -> None:
    original = lora_state.make_lora_inputs

    def make_lora_inputs(
        self: Any, req_ids: list[str], idx_mapping: Any, num_scheduled_tokens: Any
    ) -> tuple[tuple[int, ...], tuple[int, ...], set[Any]]:
        of_samples, of_tokens, loras = original(self, req_ids, idx_mapping, num_scheduled_tokens)
        starts = [self.alora_starts[slot] for slot in idx_mapping.tolist()]
        if any(start is not None for start in starts):
            computed = self.alora_computed[idx_mapping]
            of_tokens = adapter_of_tokens(of_tokens, starts, computed, num_scheduled_tokens)
        return of_samples, of_tokens, loras

    lora_state.make_lora_inputs = make_lora_inputs


HOOK = Hook(
    module="vllm.v1.worker.gpu.model_runner",
    install=_install,
    sources={
        "vllm.v1.worker.gpu.model_runner:GPUModelRunner.add_requests": "8321187d017efc99",
        "vllm.v1.worker.gpu.model_runner:GPUModelRunner.update_requests": "7a208ede606f6fc1",
        "vllm.v1.worker.gpu.model_runner:GPUModelRunner.prepare_inputs": "bdd97f12ca571c07",
        "vllm.v1.worker.gpu.lora_utils:LoraState.make_lora_inputs": "33793667f696cb91",
        "vllm.v1.worker.gpu.lora_utils:LoraState.add_request": "152725c34978d32f",
        "vllm.v1.worker.gpu.states:RequestState.add_request": "7feb34eb03ec8bcc",
    },
)
