"""Asking an endpoint that fails in every way that endpoints fail in."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
import respx

from tests.training.teacher import COMPLETIONS, Naps, completion, endpoint
from training.errors import TrainingError
from training.teacher.endpoint import ATTEMPTS, Refused, check_url
from training.teacher.usage import Price, Usage, spent

GOOD = httpx.Response(200, json=completion("Good."))
REQUEST = {"messages": [{"role": "user", "content": "Hello"}]}


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as client:
        yield client


@pytest.fixture
def naps() -> Naps:
    return Naps()


def error(status: int, message: str = "no", code: str | None = None, **headers: str) -> httpx.Response:
    body = {"error": {"message": message, "type": "x", "param": None, "code": code}}
    return httpx.Response(status, json=body, headers=headers)


async def ask(client: httpx.AsyncClient, naps: Naps, *answers: Any, key: str | None = "secret") -> str | None:
    with respx.mock:
        route = respx.post(COMPLETIONS).mock(side_effect=list(answers))
        content = (await endpoint(client, naps, key).complete(REQUEST)).message.content
    assert route.call_count == len(answers)
    return content


async def test_the_request_has_the_model_and_the_key_and_nothing_that_models_refuse(
    client: httpx.AsyncClient,
) -> None:
    with respx.mock:
        route = respx.post(COMPLETIONS).mock(return_value=GOOD)
        answer = await endpoint(client).complete(REQUEST)
        await endpoint(client, key=None).complete(REQUEST)
    first, second = (call.request for call in route.calls)
    assert json.loads(first.content) == {"model": "tutor", **REQUEST}
    assert first.headers["authorization"] == "Bearer secret"
    assert "authorization" not in second.headers
    assert (answer.message.content, answer.spent) == ("Good.", Usage(input=1000, output=100))


async def test_after_a_rate_limit_it_waits_as_long_as_it_was_told(client: httpx.AsyncClient, naps: Naps) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=300), usegmt=True)
    limits = [error(429, **{"retry-after": text}) for text in ("7", date)]
    assert await ask(client, naps, *limits, GOOD) == "Good."
    assert naps.seconds == [7.0, pytest.approx(300, abs=60)]


@pytest.mark.parametrize(
    "trouble",
    [
        error(429),
        error(500),
        error(503, **{"retry-after": "soon"}),
        error(408),
        httpx.ReadTimeout("slow"),
        httpx.ConnectError("refused"),
        httpx.RemoteProtocolError("cut off"),
        httpx.Response(200, text='{"choices": [{"mess'),
        httpx.Response(200, json={"choices": []}),
        httpx.Response(502, text="<html>bad gateway</html>"),
    ],
)
async def test_what_passes_is_waited_for_longer_each_time(
    client: httpx.AsyncClient, naps: Naps, trouble: httpx.Response | Exception
) -> None:
    assert await ask(client, naps, *[trouble] * 5, GOOD) == "Good."
    assert [0.5 * 2**n <= seconds <= 2**n for n, seconds in enumerate(naps.seconds)] == [True] * 5


async def test_it_gives_up_in_one_line_that_says_what_went_wrong(client: httpx.AsyncClient, naps: Naps) -> None:
    with pytest.raises(TrainingError, match=r"no answer in 8 attempts: status 503: over loaded$"):
        await ask(client, naps, *[error(503, "over\nloaded")] * ATTEMPTS)
    assert len(naps.seconds) == ATTEMPTS - 1


@pytest.mark.parametrize(
    ("answer", "kind", "message"),
    [
        (error(401, "Incorrect key"), TrainingError, "401: Incorrect key; set DUALTUNE_TEACHER_KEY or OPENAI_API_KEY"),
        (
            error(404, "no such model"),
            TrainingError,
            "the teacher tutor at https://teacher.test/v1 refuses the request",
        ),
        (error(400, "too many tokens"), Refused, "status 400: too many tokens"),
        (error(429, "You exceeded your quota", "insufficient_quota"), TrainingError, "You exceeded your quota"),
        (error(429, **{"retry-after": "86400"}), TrainingError, "wants to be left alone for 86,400 s"),
        (httpx.Response(405, text="?"), TrainingError, "status 405: Method Not Allowed"),
    ],
)
async def test_what_does_not_pass_is_not_asked_again(
    client: httpx.AsyncClient, naps: Naps, answer: httpx.Response, kind: type[TrainingError], message: str
) -> None:
    with pytest.raises(TrainingError, match=message) as caught:
        await ask(client, naps, answer)
    assert (type(caught.value), naps.seconds) == (kind, [])


@pytest.mark.parametrize("url", ["teacher.test", "ftp://teacher.test/v1", "https://", "http://x:y", ""])
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(TrainingError, match=r"write a URL such as https://"):
        check_url(url)
    assert check_url("http://127.0.0.1:8000/v1") == "http://127.0.0.1:8000/v1"


def test_tokens_are_shown_and_what_they_cost_where_the_price_is_known() -> None:
    usage = Usage(input=2_000_000, output=500_000) + Usage(input=1, output=2)
    assert spent(usage, None) == "2,000,001 tokens in, 500,002 out"
    assert spent(usage, Price(0.25, 2.0)) == "2,000,001 tokens in, 500,002 out, cost 1.50"
