"""Requests with and without adapters in one batch: each gets what it gets alone.

In float32, where a sum that is added up in another order does not change which token is the likeliest.
"""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from adapters import Adapter, BaseModel, Kind, Role, check_adapter
from server.assembly import load_template
from server.constraints import Choice
from server.conversation import Message
from server.engine.base import AdapterRejected, Sampling
from server.engine.vllm import VllmEngine
from server.engine.vllm_start import VllmOptions
from server.prompt import PROMPT_FORMAT, Prompt, Prompts
from tests.engine.adapter_files import NOTES, AdapterFiles

pytestmark = pytest.mark.engine

GREEDY = Sampling(max_tokens=24, logit_bias={2: -100.0})


@pytest.fixture(scope="module")
async def engine(model_dir: Path) -> AsyncIterator[VllmEngine]:
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        # Libraries that vLLM imports warn of themselves.
        warnings.simplefilter("ignore")
        patch.setenv("HF_HUB_OFFLINE", "1")
        patch.setenv("VLLM_CPU_KVCACHE_SPACE", "1")
        options = VllmOptions(str(model_dir), "embedded", max_lora_rank=8, max_loras=2, engine={"dtype": "float32"})
        engine = await VllmEngine.start(options)
    try:
        yield engine
    finally:
        await engine.close()


@pytest.fixture(scope="module")
def prompts(model_dir: Path) -> Prompts:
    return Prompts(load_template(str(model_dir)))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, base: BaseModel, prompts: Prompts) -> dict[str, Adapter]:
    """More adapters than one batch holds (`max_loras`): two ordinary ones and an activated one."""
    files = AdapterFiles(tmp_path_factory.mktemp("mixed"), base)
    folders = {
        "first": files.install(Role.SELECTOR, seed=21),
        "second": files.install(Role.TRADITIONAL, seed=22),
        "activated": files.install(Role.ARGUMENTS, "add_note", seed=23, invocation=prompts.invocation_ids),
    }
    return {
        name: check_adapter(folder, base, max_rank=8, prompt_format=PROMPT_FORMAT) for name, folder in folders.items()
    }


async def generate(engine: VllmEngine, prompt: Prompt, adapter: Adapter | None) -> str:
    async with aclosing(engine.generate(prompt, GREEDY, adapter=adapter)) as pieces:
        return "".join([piece.text async for piece in pieces])


def questions(prompts: Prompts) -> list[Prompt]:
    return [
        prompts.arguments(prompts.conversation([Message("user", text)]), NOTES.tools[0], described=True)
        for text in ("Read my note about cheese.", "What did I write about the trip to Oslo in the summer?")
    ]


async def test_a_mixed_batch_gives_every_request_what_it_gets_alone(
    engine: VllmEngine, prompts: Prompts, made: dict[str, Adapter]
) -> None:
    for adapter in made.values():
        await engine.load_adapter(adapter)
    work = [(prompt, adapter) for prompt in questions(prompts) for adapter in (None, *made.values())]
    alone = [await generate(engine, prompt, adapter) for prompt, adapter in work]
    together = await asyncio.gather(*(generate(engine, prompt, adapter) for prompt, adapter in work))
    assert together == alone
    assert len(set(alone)) == len(work), "the adapters differ from each other and from the base model"


async def test_an_adapter_that_is_replaced_while_it_is_used_ends_what_it_began(
    engine: VllmEngine, prompts: Prompts, made: dict[str, Adapter]
) -> None:
    prompt, _ = questions(prompts)
    adapter = made["first"]
    await engine.load_adapter(adapter)
    expected = await generate(engine, prompt, adapter)
    pieces = engine.generate(prompt, GREEDY, adapter=adapter)
    begun = await anext(pieces)
    await engine.load_adapter(adapter)
    await engine.unload_adapter(adapter.name)
    rest = [piece.text async for piece in pieces]
    assert begun.text + "".join(rest) == expected
    with pytest.raises(AdapterRejected):
        await generate(engine, prompt, adapter)


async def test_the_probability_of_a_choice_is_that_among_those_allowed(engine: VllmEngine, prompts: Prompts) -> None:
    prompt, _ = questions(prompts)
    once = Sampling(max_tokens=8, logprobs=20)
    async with aclosing(engine.generate(prompt, once, constraint=Choice(("yes", "no")))) as pieces:
        tokens = [token async for piece in pieces for token in piece.tokens]
    assert sum(2.718281828459045**entry.logprob for entry in tokens[0].top) == pytest.approx(1, abs=1e-3)


def test_kinds_are_told_from_the_files(made: dict[str, Adapter]) -> None:
    assert {name: adapter.kind for name, adapter in made.items()} == {
        "first": Kind.LORA,
        "second": Kind.LORA,
        "activated": Kind.ALORA,
    }
