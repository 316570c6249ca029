"""A model behind the OpenAI API: our server, a plain vLLM or a cloud model alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Any, Protocol

from toolsets.trajectory import Call, Message, Reply

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from openai.types.chat import ChatCompletion


class ModelError(Exception):
    """The model gave no answer; the text says why, in one line."""


class ChatModel(Protocol):
    """What the agent asks. `model` and `base_url` go into the record."""

    @property
    def model(self) -> str: ...

    @property
    def base_url(self) -> str: ...

    async def reply(self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]]) -> Reply:
        """The answer to `messages`, with `tools` in OpenAI's form. Raises ModelError."""
        ...


class OpenAIModel:
    """A model id of a server, greedy. The client retries what can be retried.

    max_tokens: of one reply; None for as many as the server allows, which a small model may fill with repetition.
    """

    def __init__(self, client: AsyncOpenAI, model: str, max_tokens: int | None = None) -> None:
        self._client = client
        self.model = model
        self._max_tokens = max_tokens

    @property
    def base_url(self) -> str:
        return str(self._client.base_url)

    async def close(self) -> None:
        await self._client.close()

    async def reply(
        self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]], tool: str | None = None
    ) -> Reply:
        """tool: the one of `tools` that it is to call. Raises ModelError."""
        import openai

        started = perf_counter()
        request: dict[str, Any] = {"model": self.model, "messages": list(messages), "temperature": 0}
        if self._max_tokens is not None:
            request["max_completion_tokens"] = self._max_tokens
        if tools:
            request["tools"] = list(tools)
        if tool is not None:
            request["tool_choice"] = {"type": "function", "function": {"name": tool}}
        try:
            completion: ChatCompletion = await self._client.chat.completions.create(**request)
        except openai.APIConnectionError as error:
            raise ModelError(f"{self.base_url} cannot be reached: {error.__cause__ or error}") from error
        except openai.OpenAIError as error:
            raise ModelError(str(error)) from error
        if not completion.choices:
            raise ModelError(f"{self.base_url} sent an answer without a choice")
        return _read(completion, perf_counter() - started)


def _read(completion: ChatCompletion, seconds: float) -> Reply:
    choice = completion.choices[0]
    calls = tuple(
        Call(call.id, call.function.name, call.function.arguments)
        for call in choice.message.tool_calls or ()
        if call.type == "function"
    )
    own = (completion.model_extra or {}).get("dualtune") or {}
    return Reply(
        text=choice.message.content,
        calls=calls,
        finish=choice.finish_reason,
        usage=completion.usage.model_dump(exclude_none=True) if completion.usage else None,
        stages=tuple(own.get("stages", ())),
        seconds=seconds,
    )
