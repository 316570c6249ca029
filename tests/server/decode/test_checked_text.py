"""Text that must be JSON: passed on as it comes where the grammar is enough, held and mended where it is not."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest

from server.constraints import JsonSchema
from server.constraints.plan import plan
from server.decode import checked_text
from server.decode.checked_text import CheckedText, UnsatisfiableSchema
from server.decode.events import StageDone, TextPiece
from server.engine.base import Piece, Sampling
from server.engine.scripted import ScriptedEngine
from server.prompt import Stage
from tests.server.decoding import HELLO, asked, decoded
from tests.server.toy import ODD, PATH, prompts

WRONG, OTHER, RIGHT = '{"path":"b"}', '{"path":7}', '{"path":"c"}'
PROMPT = prompts().answer(prompts().conversation(HELLO))
SAMPLING = Sampling(max_tokens=50, temperature=0.2, top_p=0.9, seed=5)


async def written(
    scripted: ScriptedEngine, schema: Any = ODD.parameters, sampling: Sampling = SAMPLING, **more: Any
) -> tuple[list[Piece], StageDone]:
    text = CheckedText(scripted, JsonSchema(schema) if schema is not None else None, **more)
    async with aclosing(text.write(PROMPT, sampling, None)) as pieces:
        found = [piece async for piece in pieces]
    return found, replace(text.report(Stage.ANSWER, 0.0), seconds=0)


def report(tokens: int, **more: Any) -> StageDone:
    return StageDone(Stage.ANSWER, 0, len(PROMPT), 0, tokens, **more)


def piece(text: str, **more: Any) -> Piece:
    return Piece(text, len(PROMPT), 0, len(text), **{"finish": "stop", **more})


def test_the_two_schemas_of_these_tests_are_of_either_kind() -> None:
    assert [plan(schema).exact for schema in (PATH, ODD.parameters)] == [True, False]


async def test_text_without_a_schema_comes_as_it_is_written() -> None:
    scripted = ScriptedEngine(["Hi."])
    pieces, told = await written(scripted, None)
    assert [found.text for found in pieces] == ["H", "i", ".", ""]
    assert (told, scripted.generations[0].constraint) == (report(3), None)


async def test_what_a_grammar_enforces_wholly_comes_as_it_is_written() -> None:
    scripted = ScriptedEngine([RIGHT])
    pieces, told = await written(scripted, PATH)
    assert [found.text for found in pieces] == [*RIGHT, ""]
    assert (told, scripted.generations[0].constraint) == (report(len(RIGHT)), JsonSchema(PATH))


async def test_what_it_does_not_is_held_until_it_is_checked() -> None:
    scripted = ScriptedEngine([RIGHT])
    assert await written(scripted) == ([piece(RIGHT)], report(len(RIGHT)))
    assert len(scripted.generations) == 1


async def test_a_later_call_is_held_whatever_its_schema() -> None:
    assert await written(ScriptedEngine([RIGHT]), PATH, hold=True) == ([piece(RIGHT)], report(len(RIGHT)))


async def test_invalid_text_is_drawn_again_with_other_tokens_yet_the_same_for_the_same_request() -> None:
    scripted = ScriptedEngine([WRONG, OTHER, RIGHT])
    assert await written(scripted) == ([piece(RIGHT)], report(len(RIGHT)))
    assert [seen.sampling for seen in scripted.generations] == [
        SAMPLING,
        replace(SAMPLING, temperature=0.7, seed=6),
        replace(SAMPLING, temperature=0.7, seed=7),
    ]


async def test_a_temperature_above_that_of_drawing_again_is_kept() -> None:
    scripted = ScriptedEngine([WRONG, RIGHT])
    warm = Sampling(50, temperature=1.1)
    await written(scripted, sampling=warm)
    assert [seen.sampling for seen in scripted.generations] == [warm, replace(warm, seed=1)]


async def test_text_that_stays_invalid_is_mended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checked_text, "repair", lambda text, schema: RIGHT if text == WRONG else None)
    pieces, told = await written(ScriptedEngine([OTHER, OTHER, WRONG]))
    assert pieces == [piece(RIGHT)]
    assert (told.note or "").startswith("mended what the model wrote: $.path: ")
    assert replace(told, note=None) == report(len(WRONG))


async def test_text_that_cannot_be_mended_becomes_the_smallest_valid_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checked_text, "repair", lambda text, schema: None)
    monkeypatch.setattr(checked_text, "smallest", lambda schema: '{"path":""}')
    pieces, told = await written(ScriptedEngine([WRONG] * 3))
    assert [found.text for found in pieces] == ['{"path":""}']
    assert (told.note or "").startswith("the smallest valid value, in place of what the model wrote: $.path: ")


async def test_a_schema_that_nothing_satisfies_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checked_text, "repair", lambda text, schema: None)
    monkeypatch.setattr(checked_text, "smallest", lambda schema: None)
    with pytest.raises(UnsatisfiableSchema, match=r"validates against the schema: \$\.path"):
        await written(ScriptedEngine([WRONG] * 3))


async def test_held_text_that_reaches_its_limit_is_passed_on_as_it_is() -> None:
    scripted = ScriptedEngine([WRONG])
    assert await written(scripted, sampling=replace(SAMPLING, max_tokens=4)) == (
        [piece(WRONG[:4], finish="length")],
        report(4, finish="length"),
    )


async def test_held_text_keeps_its_log_probabilities_unless_it_was_mended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checked_text, "repair", lambda text, schema: RIGHT)
    told = replace(SAMPLING, logprobs=1)
    (kept,), _ = await written(ScriptedEngine([RIGHT]), sampling=told)
    (mended,), _ = await written(ScriptedEngine([WRONG] * 3), sampling=told)
    assert ["".join(token.chosen.token for token in found.tokens) for found in (kept, mended)] == [RIGHT, ""]


async def test_an_answer_in_a_format_is_mended_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checked_text, "repair", lambda text, schema: RIGHT)
    events = await decoded(asked(answer_format=JsonSchema(ODD.parameters)), ScriptedEngine([WRONG] * 3))
    assert events[0] == TextPiece(RIGHT)
