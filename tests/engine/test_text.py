"""Plain chat with the base model: sampling, stops, log-probabilities, usage."""

from __future__ import annotations

import math
from typing import Any

import pytest
from openai import BadRequestError, OpenAI
from openai.types.chat import ChatCompletion

from tests.engine.serving import Server
from tests.engine.tools import complete, fold, user

pytestmark = pytest.mark.engine

FRANCE = [user("What is the capital of France?")]
STORY = [user("Tell me a story about a cat.")]


def ask(client: OpenAI, messages: Any = FRANCE, **parameters: Any) -> ChatCompletion:
    return complete(client, **{"messages": messages, "max_tokens": 12, **parameters})


def text(answer: ChatCompletion) -> str:
    return answer.choices[0].message.content or ""


def test_the_embedded_model_knows_the_capital_of_france(client: OpenAI) -> None:
    answer = ask(client, max_tokens=None)
    assert "Paris" in text(answer)
    assert answer.choices[0].finish_reason == "stop"


def test_text_parts_and_every_role_are_read(client: OpenAI) -> None:
    messages = [
        {"role": "system", "content": "You know geography."},
        {"role": "developer", "content": [{"type": "text", "text": "Be brief."}]},
        {"role": "user", "content": "What is the capital of Spain?", "name": "Ann"},
        {"role": "assistant", "content": None, "refusal": "The capital of Spain is Madrid."},
        {
            "role": "user",
            "content": [{"type": "text", "text": "What is the capital"}, {"type": "text", "text": "of France?"}],
        },
    ]
    assert "Paris" in text(ask(client, messages, max_tokens=20))


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_the_limit_of_tokens_ends_with_length(client: OpenAI, name: str) -> None:
    answer = ask(client, **{"max_tokens": None, name: 3})
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 3


def test_stop_strings_end_the_text_and_are_left_out(client: OpenAI) -> None:
    whole = text(ask(client))
    for stop in ("capital", ["nowhere", "capital"]):
        answer = ask(client, stop=stop)
        assert text(answer) == whole[: whole.index("capital")]
        assert answer.choices[0].finish_reason == "stop"


def test_equal_seeds_give_equal_texts_and_other_seeds_others(client: OpenAI) -> None:
    texts = [text(ask(client, STORY, temperature=1.5, seed=seed)) for seed in (7, 7, 8)]
    assert texts[0] == texts[1] != texts[2]


def test_n_choices_are_numbered_and_each_drawn_by_itself(client: OpenAI) -> None:
    answer = ask(client, STORY, n=3, temperature=1.5, seed=7)
    assert [choice.index for choice in answer.choices] == [0, 1, 2]
    assert len({choice.message.content for choice in answer.choices}) == 3
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 36
    first = ask(client, STORY, temperature=1.5, seed=7)
    assert text(first) == text(answer)
    assert first.usage is not None
    assert answer.usage.prompt_tokens == first.usage.prompt_tokens


def test_streamed_choices_carry_their_index(client: OpenAI) -> None:
    body: Any = {"messages": STORY, "n": 2, "temperature": 1.5, "seed": 7, "max_tokens": 12}
    contents = [[choice.message.content for choice in way(client, **body).choices] for way in (complete, fold)]
    assert contents[0] == contents[1]
    assert contents[0][0] != contents[0][1]


def test_log_probabilities_come_for_every_token_most_likely_first(client: OpenAI) -> None:
    answer = ask(client, logprobs=True, top_logprobs=3)
    logprobs = answer.choices[0].logprobs
    assert logprobs is not None
    tokens = logprobs.content or []
    assert answer.usage is not None
    assert len(tokens) == answer.usage.completion_tokens
    spelled = b"".join(bytes(token.bytes or []) for token in tokens).decode()
    assert spelled.startswith(text(answer))
    for token in tokens:
        assert len(token.top_logprobs) == 3
        assert token.logprob == token.top_logprobs[0].logprob, "greedy takes the most likely"
        likelihoods = [entry.logprob for entry in token.top_logprobs]
        assert likelihoods == sorted(likelihoods, reverse=True)
        assert sum(math.exp(value) for value in likelihoods) <= 1.001


def test_without_alternatives_each_token_stands_alone(client: OpenAI) -> None:
    logprobs = ask(client, logprobs=True, max_tokens=2).choices[0].logprobs
    assert logprobs is not None
    assert [token.top_logprobs for token in logprobs.content or []] == [[], []]


def test_streamed_log_probabilities_are_the_whole_ones(client: OpenAI) -> None:
    body: Any = {"messages": FRANCE, "max_tokens": 4, "logprobs": True}
    whole, folded = (way(client, **body).choices[0].logprobs for way in (complete, fold))
    assert whole is not None
    assert folded is not None
    assert [token.token for token in folded.content or []] == [token.token for token in whole.content or []]


def test_a_longer_conversation_finds_its_beginning_in_the_cache(client: OpenAI) -> None:
    history = [user("Remember these numbers: " + " ".join(str(number) for number in range(100, 200)))]
    first = ask(client, history).usage
    second = ask(client, [*history, {"role": "assistant", "content": "I do."}, user("Thanks.")]).usage
    assert first is not None
    assert second is not None
    assert first.prompt_tokens_details is not None
    assert second.prompt_tokens_details is not None
    assert first.prompt_tokens_details.cached_tokens == 0
    assert (second.prompt_tokens_details.cached_tokens or 0) > first.prompt_tokens / 2


def test_parameters_without_meaning_here_change_nothing(client: OpenAI) -> None:
    accepted = {"user": "ann", "metadata": {"a": "b"}, "store": True, "service_tier": "auto", "safety_identifier": "x"}
    assert text(ask(client, **accepted)) == text(ask(client))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temperature", 5),
        ("top_p", 0),
        ("n", 0),
        ("max_tokens", 0),
        ("top_logprobs", 2),
        ("presence_penalty", 3),
        ("stop", [""]),
        ("messages", []),
        ("response_format", {"type": "yaml"}),
        ("logit_bias", {"49152000": 1}),
    ],
)
def test_impossible_values_are_refused_by_name(client: OpenAI, name: str, value: Any) -> None:
    with pytest.raises(BadRequestError) as refused:
        ask(client, **{name: value})
    assert (refused.value.param or "").startswith(name)


def test_penalties_and_biases_reach_the_engine(client: OpenAI) -> None:
    plain = ask(client, STORY, logprobs=True, max_tokens=1)
    assert plain.choices[0].logprobs is not None
    banned = 198  # the line feed, which nothing else here needs
    biased = ask(client, FRANCE, logit_bias={str(banned): 100}, max_tokens=2)
    assert text(biased) == "\n\n"
    repeated = ask(client, STORY, frequency_penalty=2, presence_penalty=2, max_tokens=40)
    assert text(repeated) != text(ask(client, STORY, max_tokens=40))


@pytest.mark.parametrize(
    "extreme",
    [
        {"temperature": 1e-9},
        {"temperature": 2, "top_p": 1e-9},
        {"temperature": 1, "top_k": 2**40},
        {"temperature": 1, "min_p": 1},
        {"repetition_penalty": 1e-9},
        {"temperature": 1, "seed": 2**63 - 1, "n": 2},
        {"temperature": 1, "seed": -(2**63)},
        {"stop": ["x" * 10_000]},
        {"logit_bias": {str(token): -100 for token in range(3000)}},
        {"n": 40},
        {"top_logprobs": 20, "logprobs": True},
    ],
    ids=lambda extreme: "-".join(extreme),
)
def test_extreme_values_that_are_allowed_are_answered_and_do_not_end_the_engine(
    server: Server, extreme: dict[str, Any]
) -> None:
    engine = server.engine_process()
    body = {"model": "dualtune", "messages": FRANCE, "max_tokens": 3, **extreme}
    answer = server.http.post("/v1/chat/completions", json=body)
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["choices"]) == extreme.get("n", 1)
    assert server.engine_process() == engine
