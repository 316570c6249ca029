"""Hook: KV blocks that end before the invocation are the base model's.

What vLLM does: the prefix cache knows a KV block by the hash of its tokens, its parent's hash and extra keys. For a
LoRA request every block carries the adapter's name and path, so no block is ever shared between adapters, or with the
base.

What we change: for a request with an activated adapter, a block whose last token lies before the invocation carries
no adapter. Every later block carries, beside the adapter, the position of the invocation.

Why it is right: tokens before the invocation run with base weights (`v1_runner`, `v2_runner`), and attention looks
only backwards, so their keys and values are those of the base model. From the block of the invocation on they depend
on the adapter and on where it begins: two requests of one adapter that differ only in that would else share a block.
"""

from typing import Any

from .hook import Hook
from .invocation import START_KEY, invocation_start

Keys = tuple[tuple[Any, ...], ...] | None


def _install(module: Any) -> None:
    original = module.generate_block_hash_extra_keys

    def generate_block_hash_extra_keys(
        request: Any, start_token_idx: int, end_token_idx: int, start_mm_idx: int
    ) -> tuple[Keys, int]:
        keys, next_mm_idx = original(request, start_token_idx, end_token_idx, start_mm_idx)
        start = invocation_start(request.sampling_params)
        if start is None or request.lora_request is None:
            return keys, next_mm_idx
        if end_token_idx > start:
            return (*keys, (START_KEY, start)), next_mm_idx
        return tuple(key for key in keys if key[0] != "lora") or None, next_mm_idx

    module.generate_block_hash_extra_keys = generate_block_hash_extra_keys


HOOK = Hook(
    # The hasher of requests finds the function here. Only KV events and KV connectors took copies of the name, and
    # `admission` refuses both.
    module="vllm.v1.core.kv_cache_utils",
    install=_install,
    sources={
        "vllm.v1.core.kv_cache_utils:generate_block_hash_extra_keys": "fabb6e4b928af21a",
        "vllm.v1.core.kv_cache_utils:_gen_lora_extra_hash_keys": "4f67791285cae1c3",
        "vllm.v1.core.kv_cache_utils:get_request_block_hasher": "68c195e3879cc4c2",
        "vllm.v1.core.kv_cache_utils:hash_block_tokens": "8b8ae296b7565078",
    },
)
