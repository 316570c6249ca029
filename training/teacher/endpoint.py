"""A chat completion from an OpenAI-compatible endpoint, asked for again for as long as that may help.

Whatever parameters a model does not take are not sent: neither a temperature nor a limit of tokens.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from random import Random
from typing import Any

import httpx
from pydantic import BaseModel, Field, ValidationError

from training.errors import TrainingError
from training.teacher.usage import Usage

ATTEMPTS = 8
_SECONDS = httpx.Timeout(300.0, connect=20.0)
_FIRST_WAIT = 1.0
_LONGEST_WAIT = 60.0
_LONGEST_RETRY_AFTER = 600.0
_TRANSIENT = frozenset({408, 409, 425, 429})
_NO_CREDIT = "insufficient_quota"
"""The code of a status 429 that no waiting helps against."""


class Refused(TrainingError):
    """The endpoint does not take this very request."""


class Function(BaseModel):
    name: str
    arguments: str = ""


class ToolCall(BaseModel):
    id: str | None = None
    function: Function


class Message(BaseModel):
    content: str | None = None
    tool_calls: tuple[ToolCall, ...] | None = None


class Choice(BaseModel):
    message: Message
    finish_reason: str | None = None


class WireUsage(BaseModel):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class Completion(BaseModel):
    """What is read of an answer; members that are not named here are left out."""

    choices: tuple[Choice, ...] = Field(min_length=1)
    usage: WireUsage | None = None

    @property
    def message(self) -> Message:
        return self.choices[0].message

    @property
    def spent(self) -> Usage:
        used = self.usage or WireUsage()
        return Usage(input=used.prompt_tokens, output=used.completion_tokens)


@dataclass(frozen=True)
class Endpoint:
    """A model at a URL that ends as in `/v1`. `sleep` waits for so many seconds."""

    client: httpx.AsyncClient
    url: str
    model: str
    key: str | None = None
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _jitter: Random = field(default_factory=Random)  # It spreads retries; nothing else follows from it.

    async def complete(self, request: Mapping[str, Any]) -> Completion:
        """Send the request, but for the model's name, which is added.

        Raises Refused for a request that is at fault, and TrainingError when the endpoint refuses us, or still gives
        no answer after `ATTEMPTS` attempts.
        """
        problem = ""
        for attempt in range(ATTEMPTS):
            asked_for = None
            try:
                response = await self._post(request)
            except httpx.TransportError as error:
                problem = f"{type(error).__name__}: {error}".rstrip(": ")
            else:
                if response.is_success:
                    try:
                        return Completion.model_validate_json(response.content)
                    except ValidationError:
                        problem = "its answer is no chat completion"
                else:
                    problem = self._transient(response)
                    asked_for = _retry_after(response)
            if attempt < ATTEMPTS - 1:
                await self.sleep(self._backoff(attempt) if asked_for is None else asked_for)
        raise TrainingError(f"the teacher at {self.url} gave no answer in {ATTEMPTS} attempts: {problem}", "teacher")

    async def _post(self, request: Mapping[str, Any]) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        url = f"{self.url.rstrip('/')}/chat/completions"
        return await self.client.post(url, json={"model": self.model, **request}, headers=headers, timeout=_SECONDS)

    def _transient(self, response: httpx.Response) -> str:
        """What is wrong, where it may be right the next time. Raises what `complete` does where it will not."""
        status = response.status_code
        reason, code = _reason(response)
        problem = f"status {status}: {reason}"
        if (status in _TRANSIENT or status >= 500) and code != _NO_CREDIT:
            wait = _retry_after(response)
            if wait is not None and wait > _LONGEST_RETRY_AFTER:
                raise TrainingError(
                    f"the teacher at {self.url} wants to be left alone for {wait:,.0f} s; try again then", "teacher"
                )
            return problem
        if status in (401, 403):
            remedy = "set DUALTUNE_TEACHER_KEY or OPENAI_API_KEY to a key that may use it"
            raise TrainingError(f"the teacher at {self.url} refuses us, {problem}; {remedy}", "key")
        refused = Refused if status in (400, 413, 422) else TrainingError
        raise refused(f"the teacher {self.model} at {self.url} refuses the request, {problem}", "teacher")

    def _backoff(self, attempt: int) -> float:
        """Seconds: twice as many each time, within a bound, and up to as many again less, at random."""
        return min(_LONGEST_WAIT, _FIRST_WAIT * 2.0**attempt) * (0.5 + self._jitter.random() / 2)


def check_url(url: str) -> str:
    """Raises TrainingError for what is no URL of an endpoint."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        parsed = httpx.URL()
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise TrainingError(f"--teacher-url {url}: write a URL such as https://api.openai.com/v1", "teacher_url")
    return url


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds, from either form of the header (RFC 9110, section 10.2.3)."""
    text = response.headers.get("retry-after", "")
    if text.strip().isdecimal():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _reason(response: httpx.Response) -> tuple[str, str]:
    """The message and the code of an error of the OpenAI API; of anything else, the standard phrase."""
    try:
        error = response.json()["error"]
        return " ".join(str(error["message"]).split())[:300], str(error.get("code"))
    except (ValueError, KeyError, TypeError, AttributeError):
        return response.reason_phrase, ""
