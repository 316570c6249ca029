"""The product's engine: vLLM in process. Only this module and `vllm_start` import vLLM."""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from adapters import Adapter, Kind
from server.alora import supported
from server.alora.invocation import START_KEY
from server.constraints import Constraint, JsonSchema
from server.constraints.grammar import to_grammar
from server.engine.base import (
    AdapterRejected,
    EngineError,
    EngineUnavailable,
    FinishReason,
    ModelInfo,
    Piece,
    SampledToken,
    Sampling,
    TokenLogprob,
)
from server.engine.vllm_start import VllmOptions, start_llm_aside, stop_llm
from server.prompt import Label, Prompt, Segment, Stage

if TYPE_CHECKING:
    from vllm.lora.request import LoRARequest
    from vllm.outputs import CompletionOutput
    from vllm.sampling_params import SamplingParams
    from vllm.v1.engine.async_llm import AsyncLLM


@dataclass
class _Served:
    """An adapter in vLLM: a private folder that nobody replaces under it, and the requests that still use it."""

    request: LoRARequest
    folder: Path
    users: int = 0
    retired: bool = False


class VllmEngine:
    """Implements `server.engine.base.Engine`. Make it with `VllmEngine.start`."""

    def __init__(self, llm: AsyncLLM, model: ModelInfo) -> None:
        self._llm = llm
        self._model = model
        self._adapters: dict[str, _Served] = {}
        self._numbers = itertools.count(1)
        self._folder = Path(tempfile.mkdtemp(prefix="dualtune-adapters-"))

    @classmethod
    async def start(cls, options: VllmOptions) -> VllmEngine:
        """Load the model and start the engine's processes; takes from half a minute up.

        Raises `EngineUnavailable` with vLLM's reason when it does not start.
        """
        try:
            llm = await start_llm_aside(options)
        except Exception as error:
            raise EngineUnavailable(f"vLLM did not start: {' '.join(str(error).split())}") from error
        defaults = llm.model_config.get_diff_sampling_param()
        model = ModelInfo(
            name=options.name,
            max_tokens=llm.model_config.max_model_len,
            vocabulary=llm.model_config.get_vocab_size(),
            default_temperature=defaults.get("temperature", 1.0),
            default_top_p=defaults.get("top_p", 1.0),
            speculates=llm.vllm_config.speculative_config is not None,
        )
        engine = cls(llm, model)
        try:
            await engine._warm_up()
        except BaseException:
            await engine.close()
            raise
        return engine

    @property
    def model(self) -> ModelInfo:
        return self._model

    async def generate(
        self,
        prompt: Prompt,
        sampling: Sampling,
        *,
        constraint: Constraint | None = None,
        adapter: Adapter | None = None,
    ) -> AsyncGenerator[Piece, None]:
        """See `Engine.generate`. Raises `AdapterRejected` for an adapter that was not loaded."""
        from vllm.inputs import tokens_input
        from vllm.v1.engine.exceptions import EngineDeadError, EngineGenerateError

        served = self._take(adapter)
        start = prompt.invocation_start if adapter is not None and adapter.kind is Kind.ALORA else None
        params = _sampling_params(sampling, constraint, start)
        generation = self._llm.generate(
            tokens_input(prompt.ids),
            params,
            request_id=f"step-{next(self._numbers)}",
            lora_request=served.request if served else None,
        )
        count = 0
        try:
            async with aclosing(generation) as outputs:
                async for output in outputs:
                    completion = output.outputs[0]
                    count += len(completion.token_ids)
                    yield Piece(
                        text=completion.text,
                        prompt_tokens=len(output.prompt_token_ids or ()),
                        cached_tokens=output.num_cached_tokens or 0,
                        completion_tokens=count,
                        finish=_finish(completion),
                        tokens=_tokens(completion, sampling),
                    )
        except EngineDeadError as error:
            raise EngineUnavailable("The engine died; it is being restarted.") from error
        except EngineGenerateError as error:
            raise EngineError(f"The engine failed on this request: {error.__cause__ or error}") from error
        finally:
            await self._give_back(served)

    async def load_adapter(self, adapter: Adapter) -> None:
        """See `Engine.load_adapter`.

        vLLM reads an adapter's folder whenever it needs it again, and dies of what it cannot read; so it gets links
        of its own to the files that were checked. A fresh name for each load keeps the prefix cache from mixing two
        adapters of one name.
        """
        from vllm.lora.request import LoRARequest
        from vllm.v1.engine.exceptions import EngineDeadError

        if (reason := self.unservable(adapter)) is not None:
            raise AdapterRejected(f"The engine cannot serve adapter {adapter.name}: {reason}")
        number = next(self._numbers)
        try:
            folder = _link_files(adapter.path, self._folder / str(number))
        except OSError as error:
            raise AdapterRejected(f"The files of adapter {adapter.name} cannot be read: {error.strerror}.") from error
        request = LoRARequest(f"{adapter.name}#{number}", number, str(folder))
        try:
            accepted = await self._llm.add_lora(request)
        except EngineDeadError as error:
            raise EngineUnavailable("The engine died; it is being restarted.") from error
        except Exception as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise AdapterRejected(f"The engine refused adapter {adapter.name}: {error}") from error
        if not accepted:
            shutil.rmtree(folder, ignore_errors=True)
            raise AdapterRejected(f"The engine refused adapter {adapter.name}.")
        old = self._adapters.get(adapter.name)
        self._adapters[adapter.name] = _Served(request, folder)
        await self._retire(old)

    def unservable(self, adapter: Adapter) -> str | None:
        """Why this vLLM would serve an adapter wrongly: activated ones need our hooks, on the CPU all do."""
        from vllm.platforms import current_platform

        return supported() if adapter.kind is Kind.ALORA or current_platform.is_cpu() else None

    async def unload_adapter(self, name: str) -> None:
        await self._retire(self._adapters.pop(name, None))

    async def health(self) -> None:
        from vllm.v1.engine.exceptions import EngineDeadError

        try:
            await self._llm.check_health()
        except EngineDeadError as error:
            raise EngineUnavailable("The engine died; it is being restarted.") from error

    async def close(self) -> None:
        stop_llm(self._llm)
        shutil.rmtree(self._folder, ignore_errors=True)

    async def _warm_up(self) -> None:
        """The first constrained decode imports and builds much; nobody's request should wait for it."""
        word = Segment(Label.CONVERSATION, "", (0,))
        prompt, sampling = Prompt(Stage.ROUTE, (word,)), Sampling(max_tokens=2, logprobs=0)
        constraint = JsonSchema({"type": "object"})
        await asyncio.to_thread(to_grammar, constraint)
        async with aclosing(self.generate(prompt, sampling, constraint=constraint)) as pieces:
            async for _ in pieces:
                pass

    def _take(self, adapter: Adapter | None) -> _Served | None:
        if adapter is None:
            return None
        served = self._adapters.get(adapter.name)
        if served is None:
            raise AdapterRejected(f"Adapter {adapter.name} is not loaded.")
        served.users += 1
        return served

    async def _give_back(self, served: _Served | None) -> None:
        if served is None:
            return
        served.users -= 1
        if served.retired:
            await self._retire(served)

    async def _retire(self, served: _Served | None) -> None:
        """Remove an adapter from vLLM as soon as no request uses it."""
        from vllm.v1.engine.exceptions import EngineDeadError

        if served is None:
            return
        served.retired = True
        if served.users == 0:
            with suppress(EngineDeadError):  # then it is gone anyway, and whoever needs the engine hears of it
                await self._llm.remove_lora(served.request.lora_int_id)
            shutil.rmtree(served.folder, ignore_errors=True)


def _sampling_params(sampling: Sampling, constraint: Constraint | None, activation: int | None) -> SamplingParams:
    from vllm.sampling_params import (
        RepetitionDetectionParams,
        RequestOutputKind,
        SamplingParams,
        StructuredOutputsParams,
    )

    # A small model can fill a JSON string with the same words until the context is full; prose has its end of turn.
    loops = RepetitionDetectionParams(max_pattern_size=32, min_count=40) if constraint is not None else None
    structured = StructuredOutputsParams(grammar=to_grammar(constraint)) if constraint is not None else None
    return SamplingParams(
        max_tokens=sampling.max_tokens,
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        top_k=sampling.top_k,
        min_p=sampling.min_p,
        presence_penalty=sampling.presence_penalty,
        frequency_penalty=sampling.frequency_penalty,
        repetition_penalty=sampling.repetition_penalty,
        logit_bias=dict(sampling.logit_bias) if sampling.logit_bias else None,
        stop=list(sampling.stop),
        seed=sampling.seed,
        logprobs=sampling.logprobs,
        structured_outputs=structured,
        repetition_detection=loops,
        extra_args={START_KEY: activation} if activation is not None else None,
        output_kind=RequestOutputKind.DELTA,
    )


def _finish(completion: CompletionOutput) -> FinishReason | None:
    reason = completion.finish_reason
    if reason in (None, "stop", "length"):
        return cast("FinishReason | None", reason)
    if reason == "repetition":
        return "length"
    raise EngineError(f"The engine ended the request early: {reason}.")


def _tokens(completion: CompletionOutput, sampling: Sampling) -> tuple[SampledToken, ...]:
    if completion.logprobs is None:
        return ()
    sampled = []
    for token_id, by_id in zip(completion.token_ids, completion.logprobs, strict=True):
        ranked = sorted(by_id.items(), key=lambda item: item[1].rank or 0)
        top = [_logprob(entry) for _, entry in ranked if (entry.rank or 0) <= (sampling.logprobs or 0)]
        sampled.append(SampledToken(_logprob(by_id[token_id]), tuple(top)))
    return tuple(sampled)


def _logprob(entry: Any) -> TokenLogprob:
    text = entry.decoded_token or ""
    # OpenAI's floor for what is too unlikely to tell.
    return TokenLogprob(text, max(entry.logprob, -9999.0), text.encode())


def _link_files(source: Path, target: Path) -> Path:
    """The files of an adapter under another folder: links where the file system allows, else copies."""
    target.mkdir(parents=True)
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        try:
            os.link(source / name, target / name)
        except OSError:
            shutil.copyfile(source / name, target / name)
    return target
