"""The two encoders of an answer agree, as the OpenAI SDK reads them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from server.decode.events import ArgumentsPiece, CallStarted, Event, Finished, StageDone, TextPiece
from server.engine.base import SampledToken, TokenLogprob
from server.prompt import Stage
from server.wire.answer import ChunkEncoder, Envelope, WholeEncoder

Indexed = list[tuple[int, Event]]

FOLDED_ELSEWHERE: Any = {"dualtune": True, "choices": {"__all__": {"message": {"annotations": True}}}}
"""What the SDK does not fold: fields of our own after the first chunk, and `annotations`, which no chunk has."""


def chunks_of(events: Indexed, n: int, *, include_usage: bool = True) -> list[dict[str, Any]]:
    encoder = ChunkEncoder(envelope(n), include_usage=include_usage)
    return [chunk for index, event in events for chunk in encoder.feed(index, event)] + encoder.end()


def whole_of(events: Indexed, n: int) -> dict[str, Any]:
    encoder = WholeEncoder(envelope(n))
    for index, event in events:
        encoder.feed(index, event)
    return encoder.end()


def envelope(n: int) -> Envelope:
    return Envelope("chatcmpl-1", 1_700_000_000, "dualtune", "fp", n)


def folded_by_sdk(chunks: Iterable[dict[str, Any]]) -> dict[str, Any]:
    state: Any = ChatCompletionStreamState()
    for chunk in chunks:
        state.handle_chunk(ChatCompletionChunk.model_validate(chunk))
    # The final completion would be this, parsed; but that is an error where an answer is cut short.
    folded = state.current_completion_snapshot.to_dict()
    for choice in folded["choices"]:
        for call in choice["message"].get("tool_calls") or ():
            del call["index"]  # its place in the list, which only chunks tell
    return as_read_by_sdk(folded)


def as_read_by_sdk(answer: dict[str, Any]) -> dict[str, Any]:
    return ChatCompletion.model_validate(answer).model_dump(exclude=FOLDED_ELSEWHERE, exclude_none=True)


probabilities = st.builds(
    lambda token, logprob: TokenLogprob(token, logprob, token.encode()),
    st.text(max_size=3),
    st.floats(-20, 0),
)
tokens = st.lists(st.builds(SampledToken, probabilities, st.lists(probabilities, max_size=2).map(tuple)), max_size=2)
texts = st.text(max_size=5)
reports = st.builds(
    StageDone,
    st.sampled_from(Stage),
    st.floats(0, 9),
    *[st.integers(0, 99)] * 3,
    choice=st.none() | st.sampled_from(["read", "summarize"]),
    adapter=st.none() | st.just("files/selector"),
    note=st.none() | st.just("mended"),
)
prose = st.lists(st.builds(TextPiece, texts, tokens.map(tuple)) | reports, max_size=4)


@st.composite
def calls(draw: st.DrawFn) -> list[Event]:
    events: list[Event] = draw(st.lists(reports, max_size=2))
    for index in range(draw(st.integers(1, 3))):
        events.append(CallStarted(index, f"call_{index}", draw(st.sampled_from(["read", "send"]))))
        events += [ArgumentsPiece(index, piece) for piece in draw(st.lists(texts, max_size=3))]
        events += draw(st.lists(reports, max_size=2))
    return events


@st.composite
def answers(draw: st.DrawFn) -> tuple[Indexed, int]:
    """The events of 1 to 3 choices, each in its order, mingled."""
    n = draw(st.integers(1, 3))
    queues = [[*draw(prose | calls()), Finished(draw(st.sampled_from(["stop", "length"])))] for _ in range(n)]
    mingled: Indexed = []
    while left := [index for index in range(n) if queues[index]]:
        index = draw(st.sampled_from(left))
        mingled.append((index, queues[index].pop(0)))
    return mingled, n


@given(answers())
def test_the_chunks_folded_by_the_sdk_are_the_whole_answer(answer: tuple[Indexed, int]) -> None:
    events, n = answer
    assert folded_by_sdk(chunks_of(events, n)) == as_read_by_sdk(whole_of(events, n))


@given(answers())
def test_usage_that_nobody_asked_for_is_not_sent(answer: tuple[Indexed, int]) -> None:
    events, n = answer
    chunks = chunks_of(events, n, include_usage=False)
    assert not any("usage" in chunk for chunk in chunks)
    whole = {name: value for name, value in whole_of(events, n).items() if name != "usage"}
    assert folded_by_sdk(chunks) == as_read_by_sdk(whole)


@given(answers())
def test_the_reports_of_the_stages_are_the_same_in_both(answer: tuple[Indexed, int]) -> None:
    events, n = answer
    streamed = [row for chunk in chunks_of(events, n) for row in chunk.get("dualtune", {}).get("stages", [])]
    assert sorted(streamed, key=lambda row: int(row["index"])) == whole_of(events, n)["dualtune"]["stages"]


@given(answers())
def test_every_chunk_can_be_sent_and_shares_the_envelope(answer: tuple[Indexed, int]) -> None:
    events, n = answer
    shared = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1_700_000_000,
        "model": "dualtune",
        "system_fingerprint": "fp",
        "service_tier": "default",
    }
    for chunk in chunks_of(events, n):
        assert {name: chunk[name] for name in shared} == shared
        assert json.loads(json.dumps(chunk)) == chunk


def delta(**members: Any) -> dict[str, Any]:
    return {"index": 0, "delta": members, "logprobs": None, "finish_reason": None}


def test_a_call_is_streamed_as_openai_does() -> None:
    report = StageDone(Stage.ARGUMENTS, 0.5, 30, 16, 9, choice="read", adapter="files/arguments/read")
    events: Indexed = [
        (0, CallStarted(0, "call_a", "read")),
        (0, ArgumentsPiece(0, '{"pa')),
        (0, ArgumentsPiece(0, 'th":"a"}')),
        (0, report),
        (0, Finished("tool_calls")),
    ]
    function = {"name": "read", "arguments": ""}
    started = {"index": 0, "id": "call_a", "type": "function", "function": function}
    chunks = chunks_of(events, 1)
    assert [chunk["choices"] for chunk in chunks] == [
        [delta(role="assistant", content=None)],
        [delta(tool_calls=[started])],
        [delta(tool_calls=[{"index": 0, "function": {"arguments": '{"pa'}}])],
        [delta(tool_calls=[{"index": 0, "function": {"arguments": 'th":"a"}'}}])],
        [delta() | {"finish_reason": "tool_calls"}],
        [],
    ]
    assert [chunk["usage"] for chunk in chunks] == [None] * 5 + [
        {
            "prompt_tokens": 30,
            "completion_tokens": 9,
            "total_tokens": 39,
            "prompt_tokens_details": {"cached_tokens": 16},
        }
    ]
    assert chunks[4]["dualtune"] == {
        "stages": [
            {
                "index": 0,
                "stage": "arguments",
                "seconds": 0.5,
                "prompt_tokens": 30,
                "cached_tokens": 16,
                "completion_tokens": 9,
                "finish": "stop",
                "choice": "read",
                "confidence": None,
                "adapter": "files/arguments/read",
                "note": None,
            }
        ]
    }


def test_an_answer_without_a_token_is_an_empty_text() -> None:
    whole = whole_of([(0, Finished("stop"))], 1)
    assert whole["choices"][0]["message"] == {"role": "assistant", "content": "", "refusal": None, "annotations": []}


def test_choices_are_opened_in_their_order_whichever_speaks_first() -> None:
    chunks = chunks_of([(2, TextPiece("c")), (0, TextPiece("a"))], 3, include_usage=False)
    assert [chunk["choices"][0]["index"] for chunk in chunks] == [0, 1, 2, 2, 0]
