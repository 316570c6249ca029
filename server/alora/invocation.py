"""Where an activated adapter begins to apply, and which tokens of a step lie before that.

An activated adapter (arXiv 2504.12397) applies from the first token of its invocation sequence on. A request says where
that is, by its absolute position in the prompt: `SamplingParams(extra_args={START_KEY: position})`, beside a
`LoRARequest`. The position is known to whoever wrote the prompt; nobody looks for the sequence.
"""

from collections.abc import Iterable, Sequence
from typing import Any

START_KEY = "alora_start"

NO_ADAPTER = 0
"""vLLM's adapter id of tokens that run with the base model's weights alone."""


def invocation_start(sampling_params: Any) -> int | None:
    """The position from which the request's adapter applies; None for base and ordinary LoRA requests."""
    extra_args = getattr(sampling_params, "extra_args", None)
    return extra_args.get(START_KEY) if extra_args else None


def adapter_of_tokens(
    adapters: Sequence[int],
    starts: Iterable[int | None],
    computed: Iterable[int],
    scheduled: Iterable[int],
) -> tuple[int, ...]:
    """The adapter id of every token of a step.

    `adapters` is vLLM's mapping, which gives all tokens of a request its adapter. For each request, in the order of the
    step: `starts` is where its adapter begins to apply (None: everywhere), `computed` the number of tokens before this
    step (so the position of its first token in the step), `scheduled` the number of its tokens in the step.
    """
    mapping = list(adapters)
    first = 0
    for start, position, count in zip(starts, computed, scheduled, strict=True):
        if start is not None and position < start:
            before = min(int(start - position), int(count))
            mapping[first : first + before] = [NO_ADAPTER] * before
        first += int(count)
    return tuple(mapping)
