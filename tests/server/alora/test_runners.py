"""The adapter of every token of a step, in both model runners, against the position of each token."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from server.alora.invocation import adapter_of_tokens

SLOTS = 6


@dataclass
class Running:
    """A request as a scheduler sees it. `start` is None for base and ordinary LoRA requests."""

    name: str
    adapter: int
    start: int | None
    length: int
    slot: int = -1
    computed: int = 0
    sampling_params: Any = field(init=False)

    def __post_init__(self) -> None:
        extra = None if self.start is None else {"alora_start": self.start}
        self.sampling_params = SimpleNamespace(extra_args=extra)

    def expected(self, count: int) -> list[int]:
        """The adapter of the next `count` tokens, by their positions."""
        applies_from = self.start or 0
        return [self.adapter if self.computed + k >= applies_from else 0 for k in range(count)]


@st.composite
def requests(draw: st.DrawFn, name: str = "r") -> Running:
    length = draw(st.integers(1, 60))
    adapter = draw(st.integers(0, 3))
    start = draw(st.none() | st.integers(0, length - 1)) if adapter else None
    # Position 0 with a hit in the prefix cache, or anything behind it.
    return Running(name, adapter, start, length, computed=draw(st.integers(0, length - 1)))


@st.composite
def steps(draw: st.DrawFn) -> list[tuple[Running, int]]:
    """The requests of one step with their numbers of tokens; decoding ones have computed their whole prompt."""
    batch = []
    for k in range(draw(st.integers(1, SLOTS))):
        request = draw(requests(f"r{k}"))
        if draw(st.booleans()):
            request.computed = request.length + draw(st.integers(0, 5))
            count = draw(st.integers(1, 4))
        else:
            count = draw(st.integers(1, request.length - request.computed))
        batch.append((request, count))
    return batch


def flat(batch: list[tuple[Running, int]]) -> tuple[int, ...]:
    return tuple(adapter for request, count in batch for adapter in request.expected(count))


@given(steps())
def test_a_token_has_the_adapter_exactly_from_the_invocation_on(batch: list[tuple[Running, int]]) -> None:
    of_tokens = [request.adapter for request, count in batch for _ in range(count)]
    starts = [request.start for request, _ in batch]
    computed = np.array([request.computed for request, _ in batch])
    scheduled = np.array([count for _, count in batch])
    assert adapter_of_tokens(of_tokens, starts, computed, scheduled) == flat(batch)


@given(batch=steps(), drafts=st.booleans())
@settings(deadline=None)
def test_the_v1_runner_maps_tokens_by_position_and_samples_by_request(
    batch: list[tuple[Running, int]], drafts: bool
) -> None:
    from vllm.lora.layers import LoRAMappingType
    from vllm.v1.worker.gpu_input_batch import InputBatch
    from vllm.v1.worker.lora_model_runner_mixin import LoRAModelRunnerMixin

    mapping = [request.adapter for request, _ in batch]
    loras = {adapter: f"lora {adapter}" for adapter in set(mapping) - {0}}
    input_batch = SimpleNamespace(
        num_reqs=len(batch),
        req_ids=[request.name for request, _ in batch] + ["of a request that is gone"],
        request_lora_mapping=np.array([*mapping, 3]),
        lora_id_to_lora_request=loras,
        num_computed_tokens_cpu=np.array([request.computed for request, _ in batch] + [0]),
    )
    input_batch.make_lora_inputs = lambda *counts: InputBatch.make_lora_inputs(input_batch, *counts)
    seen: list[Any] = []
    runner = SimpleNamespace(
        requests={request.name: request for request, _ in batch}, _set_active_loras=lambda *args: seen.append(args)
    )
    scheduled = np.array([count for _, count in batch])
    sampled = np.array([2] * len(batch)) if drafts else None
    LoRAModelRunnerMixin.set_active_loras(runner, input_batch, scheduled, sampled)
    of_samples = tuple(adapter for adapter in mapping for _ in range(2 if drafts else 1))
    assert seen == [(of_samples, flat(batch), set(loras.values()), LoRAMappingType.LANGUAGE)]


class V2Runner:
    """The parts of the V2 runner that the hook touches, with vLLM's own `LoraState`."""

    def __init__(self, lora_state: Any) -> None:
        self.lora_state = lora_state
        self.req_states = SimpleNamespace(req_id_to_index={}, num_computed_tokens_np=np.zeros(SLOTS, dtype=np.int32))
        self.free = list(range(SLOTS))

    def add_requests(self, scheduler_output: Any) -> None:
        for new in scheduler_output.scheduled_new_reqs:
            slot = self.req_states.req_id_to_index[new.req_id] = self.free.pop()
            self.req_states.num_computed_tokens_np[slot] = new.request.computed
            self.lora_state.add_request(new.req_id, slot, new.lora_request)

    def remove(self, req_id: str) -> None:
        self.free.append(self.req_states.req_id_to_index.pop(req_id))
        self.lora_state.remove_request(req_id)


@given(first=steps(), second=steps(), order=st.randoms())
@settings(deadline=None)
def test_the_v2_runner_maps_tokens_by_position_also_when_slots_are_used_again(
    first: list[tuple[Running, int]], second: list[tuple[Running, int]], order: Any
) -> None:
    from vllm.lora.request import LoRARequest
    from vllm.v1.worker.gpu.lora_utils import LoraState

    from server.alora.v2_runner import HOOK

    class State(LoraState):  # type: ignore[misc]  # vLLM is not followed by mypy
        make_lora_inputs = LoraState.make_lora_inputs

    class Runner(V2Runner):
        add_requests = V2Runner.add_requests

    HOOK.install(SimpleNamespace(GPUModelRunner=Runner, LoraState=State))  # type: ignore[arg-type]
    runner = Runner(State(SLOTS))
    for batch in (first, second):
        order.shuffle(batch)
        loras = {r.name: LoRARequest(f"lora {r.adapter}", r.adapter, "/a") if r.adapter else None for r, _ in batch}
        new = [
            SimpleNamespace(req_id=r.name, request=r, lora_request=loras[r.name], sampling_params=r.sampling_params)
            for r, _ in batch
        ]
        runner.add_requests(SimpleNamespace(scheduled_new_reqs=new))
        names = [request.name for request, _ in batch]
        slots = np.array([runner.req_states.req_id_to_index[name] for name in names])
        scheduled = np.array([count for _, count in batch])
        of_samples, of_tokens, active = runner.lora_state.make_lora_inputs(names, slots, scheduled)
        assert of_samples == tuple(request.adapter for request, _ in batch)
        assert of_tokens == flat(batch)
        assert active == {lora for lora in loras.values() if lora is not None}
        for name in names:
            runner.remove(name)


def test_the_hooks_are_in_place_in_both_runners() -> None:
    from vllm.v1.worker.gpu.model_runner import GPUModelRunner, LoraState
    from vllm.v1.worker.lora_model_runner_mixin import LoRAModelRunnerMixin

    changed = (GPUModelRunner.add_requests, LoraState.make_lora_inputs, LoRAModelRunnerMixin.set_active_loras)
    assert {function.__module__ for function in changed} == {"server.alora.v1_runner", "server.alora.v2_runner"}
