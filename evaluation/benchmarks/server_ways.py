"""Three ways to one model, alike in all else: vLLM's engine called in process, `dualtune serve`, `vllm serve`."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import Any, Protocol

import httpx

from server.conversation import Message
from server.engine.vllm_start import VllmOptions, engine_args, prepare_environment, start_llm_aside, stop_llm
from server.prompt import Prompts

BARE, OURS, VLLM = "bare engine", "dualtune serve", "vllm serve"
START_LIMIT = 300.0
"""Seconds."""

_MODEL = "benchmark"
_SETTINGS = {"max_lora_rank": 32, "max_loras": 8}


@dataclass(frozen=True, slots=True)
class Answer:
    first_token_seconds: float
    tokens: int


class Way(Protocol):
    async def ask(self, messages: Sequence[Message], tokens: int) -> Answer:
        """A greedy answer of exactly so many tokens, streamed."""
        ...


def options(model: Path) -> VllmOptions:
    """The engine as `dualtune serve` starts it by default."""
    return VllmOptions(str(model), _MODEL, **_SETTINGS, engine={})


class BareEngine:
    """vLLM's `AsyncLLM`, given tokens and asked for pieces of text."""

    def __init__(self, llm: Any, prompts: Prompts, end_of_text: Sequence[int]) -> None:
        self._llm = llm
        self._prompts = prompts
        self._bias = dict.fromkeys(end_of_text, -100.0)
        self._numbers = count()

    async def ask(self, messages: Sequence[Message], tokens: int) -> Answer:
        from vllm import SamplingParams
        from vllm.inputs import tokens_input
        from vllm.sampling_params import RequestOutputKind

        began = perf_counter()
        prompt = self._prompts.answer(self._prompts.conversation(messages))
        sampling = SamplingParams(
            temperature=0, max_tokens=tokens, logit_bias=self._bias, output_kind=RequestOutputKind.DELTA
        )
        generation = self._llm.generate(tokens_input(prompt.ids), sampling, request_id=f"bare-{next(self._numbers)}")
        first, seen = 0.0, 0
        async with aclosing(generation) as outputs:
            async for output in outputs:
                first = first or perf_counter() - began
                seen += len(output.outputs[0].token_ids)
        return Answer(first, seen)


class Http:
    """An OpenAI-compatible server, asked for a stream."""

    def __init__(self, client: httpx.AsyncClient, model: str, end_of_text: Sequence[int]) -> None:
        self._client = client
        self._fixed = {
            "model": model,
            "temperature": 0,
            "logit_bias": {str(token): -100 for token in end_of_text},
            "stream": True,
            "stream_options": {"include_usage": True},
        }

    async def ask(self, messages: Sequence[Message], tokens: int) -> Answer:
        began = perf_counter()
        body = self._fixed | {
            "messages": [{"role": message.role, "content": message.content} for message in messages],
            "max_tokens": tokens,
        }
        first, usage = 0.0, "{}"
        async with self._client.stream("POST", "/v1/chat/completions", json=body) as answer:
            answer.raise_for_status()
            async for line in answer.aiter_lines():
                if line.startswith("data: {"):
                    first = first or perf_counter() - began
                    usage = line.removeprefix("data: ")
        return Answer(first, json.loads(usage)["usage"]["completion_tokens"])


@asynccontextmanager
async def bare_engine(model: Path, prompts: Prompts, end_of_text: Sequence[int]) -> AsyncIterator[Way]:
    llm = await start_llm_aside(options(model))
    try:
        yield BareEngine(llm, prompts, end_of_text)
    finally:
        stop_llm(llm)


@asynccontextmanager
async def dualtune_serve(model: Path, end_of_text: Sequence[int], folder: Path) -> AsyncIterator[Way]:
    port = free_port()
    program = str(Path(sys.executable).with_name("dualtune"))
    command = [program, "serve", "--model", str(model), "--port", str(port), "--adapters", str(folder)]
    async with started(command, port, "/ready", folder / "dualtune.log") as client:
        yield Http(client, "dualtune", end_of_text)


@asynccontextmanager
async def vllm_serve(model: Path, end_of_text: Sequence[int], folder: Path) -> AsyncIterator[Way]:
    port = free_port()
    # What `vllm serve` runs. The command itself finds its version by the name of the package for GPUs alone.
    program = (sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", str(model))
    command = [*program, "--port", str(port), *_flags(engine_args(options(model)))]
    async with started(command, port, "/health", folder / "vllm.log") as client:
        yield Http(client, _MODEL, end_of_text)


@asynccontextmanager
async def started(command: Sequence[str], port: int, ready: str, log: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a server that runs in processes of its own and has answered 200 at `ready`; ended with all of them.

    Raises RuntimeError with the end of its log when it does not come up within `START_LIMIT`.
    """
    prepare_environment()
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *command, stdout=output, stderr=output, start_new_session=True, cwd=Path(__file__).parents[2]
        )
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=600, limits=limits) as client:
        try:
            await _until_ready(client, process, ready, log)
            yield client
        finally:
            await _ended(process)


async def _until_ready(client: httpx.AsyncClient, process: asyncio.subprocess.Process, ready: str, log: Path) -> None:
    try:
        async with asyncio.timeout(START_LIMIT):
            while process.returncode is None:
                with suppress(httpx.TransportError):
                    if (await client.get(ready)).status_code == 200:
                        return
                await asyncio.sleep(0.05)
    except TimeoutError:
        pass
    raise RuntimeError(f"the server did not come up; its log is:\n{_end_of(log)}")


async def _ended(process: asyncio.subprocess.Process) -> None:
    # The group, for what `make` has started is not its own process.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        async with asyncio.timeout(30):
            await process.wait()
    except TimeoutError:
        pass
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


def _end_of(log: Path) -> str:
    return log.read_text(errors="replace")[-3000:]


def _flags(arguments: Mapping[str, Any]) -> list[str]:
    """Engine arguments as `vllm serve` takes them; the model has a place of its own."""
    flags = []
    for name, value in arguments.items():
        flag = "--" + name.replace("_", "-")
        if name == "model" or value is False:
            continue
        flags += [flag] if value is True else [flag, json.dumps(value) if isinstance(value, dict) else str(value)]
    return flags


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
