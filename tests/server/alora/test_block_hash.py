"""Which KV blocks the base model, ordinary and activated adapters share."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

BLOCK = 8


def block_hashes(
    prompt: list[int], adapter: str | None = None, start: int | None = None, path: str = "/a"
) -> list[Any]:
    """The hashes of the prompt's whole blocks, from vLLM's own hasher of requests."""
    from vllm.lora.request import LoRARequest
    from vllm.sampling_params import SamplingParams
    from vllm.utils.hashing import sha256
    from vllm.v1.core.kv_cache_utils import get_request_block_hasher, init_none_hash
    from vllm.v1.request import Request

    init_none_hash(sha256)
    params = SamplingParams(max_tokens=1, extra_args=None if start is None else {"alora_start": start})
    params.update_from_generation_config({}, 0)
    request = Request(
        request_id="r",
        prompt_token_ids=prompt,
        sampling_params=params,
        pooling_params=None,
        lora_request=None if adapter is None else LoRARequest(adapter, 1, path),
        block_hasher=get_request_block_hasher(BLOCK, sha256),
    )
    return list(request.block_hashes)


def shared(one: list[Any], other: list[Any]) -> int:
    """How many leading blocks two prompts share; no block after the first difference is ever equal."""
    same = [a == b for a, b in zip(one, other, strict=True)]
    count = same.index(False) if False in same else len(same)
    assert not any(same[count:])
    return count


@given(length=st.integers(1, 80), data=st.data())
@settings(deadline=None)
def test_exactly_the_whole_blocks_before_the_invocation_are_shared(length: int, data: st.DataObject) -> None:
    prompt = data.draw(st.lists(st.integers(0, 3), min_size=length, max_size=length))
    start = data.draw(st.integers(0, length - 1))
    other_start = data.draw(st.integers(0, length - 1))
    activated = block_hashes(prompt, "one", start)
    before = min(start // BLOCK, len(activated))

    assert shared(block_hashes(prompt), activated) == before
    assert shared(block_hashes(prompt, "two", start), activated) == before
    assert shared(block_hashes(prompt, "one", start, path="/reloaded"), activated) == before
    assert shared(block_hashes(prompt, "one"), activated) == 0
    assert block_hashes(prompt, "one", start) == activated
    earliest = min(start, other_start) // BLOCK if start != other_start else len(activated)
    assert shared(block_hashes(prompt, "one", other_start), activated) == min(earliest, len(activated))


def test_two_invocations_of_one_adapter_within_a_block_do_not_share_it() -> None:
    prompt = [1] * BLOCK
    assert block_hashes(prompt, "one", 2) != block_hashes(prompt, "one", 5)


def test_base_and_ordinary_lora_requests_are_hashed_as_by_vllm_itself() -> None:
    from vllm.v1.core import kv_cache_utils

    def keys(**request: Any) -> Any:
        defaults: dict[str, Any] = {"lora_request": None, "cache_salt": None, "mm_features": [], "prompt_embeds": None}
        stand_in = type("Request", (), defaults | {"sampling_params": None} | request)
        return kv_cache_utils.generate_block_hash_extra_keys(stand_in, 0, BLOCK, 0)

    lora = type("LoRA", (), {"lora_name": "one", "lora_path": "/a"})
    assert keys() == (None, 0)
    assert keys(lora_request=lora) == ((("lora", "one", "/a"),), 0)
    activated = type("Params", (), {"extra_args": {"alora_start": BLOCK}})
    assert keys(lora_request=lora, cache_salt="s", sampling_params=activated) == ((("cache_salt", "s"),), 0)
    assert keys(sampling_params=activated) == (None, 0)
