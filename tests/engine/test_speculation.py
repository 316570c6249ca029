"""Speculation by n-grams, which copies words of the prompt, changes no token: with adapters, under grammars, together.

In float32, where a sum that is added up in another order does not change which token is likeliest.
"""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from adapters import Adapter, BaseModel, Role, check_adapter
from evaluation.benchmarks.speculation import NGRAMS
from server.assembly import load_template
from server.constraints import JsonSchema
from server.conversation import Message
from server.engine.base import Sampling
from server.engine.vllm import VllmEngine
from server.engine.vllm_start import VllmOptions
from server.prompt import PROMPT_FORMAT, Prompt, Prompts
from tests.engine.adapter_files import NOTES, AdapterFiles

pytestmark = pytest.mark.engine

ADD_NOTE = NOTES.tools[1]
TEXTS = (
    "Add a note called Delivery that says: the forty blue chairs come on Thursday the 14th, invoice 88213.",
    "Write the note 'Tiles': tiles 1240 euro, plumber 890 euro, electrician 1315 euro, paint 210 euro.",
)


async def written(
    folder: Path, work: Sequence[tuple[Prompt, Adapter | None]], options: Mapping[str, Any]
) -> tuple[list[str], bool]:
    """The greedy arguments of all, decoded at once, and whether the engine speculates."""
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        # Libraries that vLLM imports warn of themselves.
        warnings.simplefilter("ignore")
        patch.setenv("HF_HUB_OFFLINE", "1")
        patch.setenv("VLLM_CPU_KVCACHE_SPACE", "1")
        engine_options = {"dtype": "float32", **options}
        engine = await VllmEngine.start(
            VllmOptions(str(folder), "embedded", max_lora_rank=8, max_loras=2, engine=engine_options)
        )
    try:
        for adapter in {adapter.name: adapter for _, adapter in work if adapter is not None}.values():
            await engine.load_adapter(adapter)
        return list(await asyncio.gather(*(write(engine, *each) for each in work))), engine.model.speculates
    finally:
        await engine.close()


async def write(engine: VllmEngine, prompt: Prompt, adapter: Adapter | None) -> str:
    constraint = JsonSchema(ADD_NOTE.parameters)
    generation = engine.generate(prompt, Sampling(max_tokens=48), constraint=constraint, adapter=adapter)
    async with aclosing(generation) as pieces:
        return "".join([piece.text async for piece in pieces])


async def test_speculation_changes_no_token(model_dir: Path, base: BaseModel, tmp_path: Path) -> None:
    prompts = Prompts(load_template(str(model_dir)))
    files = AdapterFiles(tmp_path, base)
    folders = (
        files.install(Role.TRADITIONAL, seed=31),
        files.install(Role.ARGUMENTS, ADD_NOTE.name, seed=32, invocation=prompts.invocation_ids),
    )
    adapters = [check_adapter(folder, base, max_rank=8, prompt_format=PROMPT_FORMAT) for folder in folders]
    asked = [prompts.arguments(prompts.conversation([Message("user", t)]), ADD_NOTE, described=True) for t in TEXTS]
    work = [(prompt, adapter) for prompt in asked for adapter in (None, *adapters)]

    plain, speculates = await written(model_dir, work, {})
    assert not speculates
    drafted, speculates = await written(model_dir, work, {"speculative_config": NGRAMS})
    assert speculates
    assert drafted == plain
    assert len(set(plain)) > len(asked), "the adapters change what is written"
