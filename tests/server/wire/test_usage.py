"""What an answer says of its tokens."""

from __future__ import annotations

from typing import Any

import pytest

from server.decode.events import StageDone
from server.prompt import Stage
from server.wire.usage import usage


def done(stage: Stage, prompt: int, cached: int, completion: int, choice: str | None = None) -> StageDone:
    return StageDone(stage, 0.1, prompt, cached, completion, choice=choice)


def counts(prompt: int, completion: int, cached: int) -> dict[str, Any]:
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": cached},
    }


ROUTE = done(Stage.ROUTE, 50, 32, 1, "files")
CERTAIN = done(Stage.SELECT, 0, 0, 0, "read")


@pytest.mark.parametrize(
    ("choices", "expected"),
    [
        ([[]], counts(0, 0, 0)),
        ([[done(Stage.ANSWER, 40, 16, 7)]], counts(40, 7, 16)),
        # The longest prompt, the cache of the first decode, and only what the client sees of what was written.
        ([[ROUTE, done(Stage.SELECT, 60, 48, 3, "read"), done(Stage.ARGUMENTS, 55, 48, 9)]], counts(60, 9, 32)),
        ([[ROUTE, done(Stage.SELECT, 60, 48, 3, "summarize"), done(Stage.ANSWER, 45, 32, 5)]], counts(60, 5, 32)),
        ([[CERTAIN, done(Stage.ARGUMENTS, 55, 48, 9)]], counts(55, 9, 48)),
        ([[done(Stage.FLAT, 90, 0, 20, "read")]], counts(90, 20, 0)),
        ([[done(Stage.FLAT, 90, 0, 12, "summarize"), done(Stage.ANSWER, 40, 32, 5)]], counts(90, 5, 0)),
        ([[done(Stage.ANSWER, 40, 16, 7)], [done(Stage.ANSWER, 40, 32, 3)]], counts(40, 10, 16)),
    ],
)
def test_usage_counts_the_context_and_what_the_client_sees(
    choices: list[list[StageDone]], expected: dict[str, Any]
) -> None:
    assert usage(choices) == expected
