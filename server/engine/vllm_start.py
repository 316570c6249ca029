"""How vLLM is started here: its environment, our defaults, and the user's options over them."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vllm.v1.engine.async_llm import AsyncLLM


@dataclass(frozen=True, slots=True)
class VllmOptions:
    """What the engine is started with. `engine` goes to vLLM's `AsyncEngineArgs` and wins over our defaults."""

    model: str
    name: str
    max_lora_rank: int
    max_loras: int
    engine: Mapping[str, Any]


def start_llm(options: VllmOptions) -> AsyncLLM:
    """Load the model and start the engine's processes. Blocks for half a minute and more; raises what vLLM raises."""
    prepare_environment()
    from vllm import AsyncEngineArgs
    from vllm.v1.engine.async_llm import AsyncLLM

    return AsyncLLM.from_engine_args(AsyncEngineArgs(**engine_args(options)))


def stop_llm(llm: AsyncLLM) -> None:
    """End the engine's processes."""
    llm.shutdown(timeout=1)
    # Python's end is late enough for vLLM's object to go, which stops once more, with half of its modules gone.
    llm.shutdown = lambda timeout=None: None


async def start_llm_aside(options: VllmOptions) -> AsyncLLM:
    """`start_llm` in a thread: the server answers that it is loading meanwhile. Cancelled, it leaves no process."""
    starting = asyncio.ensure_future(asyncio.to_thread(start_llm, options))
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        await _abandon(starting)
        raise


async def _abandon(starting: asyncio.Future[AsyncLLM]) -> None:
    """vLLM cannot be told to stop starting. Its processes can, which would outlive ours; without them it gives up."""
    while not starting.done():
        for process in multiprocessing.active_children():
            process.terminate()
        await asyncio.wait({starting}, timeout=0.1)
    if starting.exception() is None:
        stop_llm(starting.result())


def prepare_environment() -> None:
    """vLLM reads these once, at import. What the user has set stays."""
    cores = sorted(os.sched_getaffinity(0))
    defaults = {
        "VLLM_NO_USAGE_STATS": "1",
        "VLLM_LOGGING_LEVEL": "ERROR",
        "VLLM_CPU_KVCACHE_SPACE": "2",
        # vLLM's own choice leaves one core unused, which on a small machine is half of it.
        "VLLM_CPU_OMP_THREADS_BIND": ",".join(map(str, cores)) if len(cores) <= 8 else "auto",
    }
    for name, value in defaults.items():
        os.environ.setdefault(name, value)


def engine_args(options: VllmOptions) -> dict[str, Any]:
    """Arguments for vLLM's `AsyncEngineArgs`: our defaults, then the user's."""
    from vllm.platforms import current_platform

    args: dict[str, Any] = {
        "model": options.model,
        "served_model_name": options.name,
        "load_format": "safetensors",
        "enable_lora": True,
        "max_lora_rank": options.max_lora_rank,
        "max_loras": options.max_loras,
        "max_cpu_loras": 128,
        "enable_prefix_caching": True,
        "structured_outputs_config": {"backend": "xgrammar"},
        "max_logprobs": 20,
    }
    if current_platform.is_cpu():
        # Small blocks, so that little of a conversation is computed again; small batches, so that nobody waits long.
        args |= {"block_size": 32, "max_num_batched_tokens": 512, "max_num_seqs": 32}
    return args | dict(options.engine) | {"trust_remote_code": False}
