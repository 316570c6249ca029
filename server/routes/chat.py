"""`POST /v1/chat/completions`."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing, contextmanager
from typing import Any

import anyio
from fastapi import APIRouter, Request, Response
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from server import __version__
from server.admission import Ticket
from server.chat_template import TemplateError
from server.decode.choices import choices
from server.decode.events import Event, StageDone
from server.decode.fit import ContextOverflow, check_fits
from server.engine.base import EngineError
from server.profiles import PROFILES
from server.routes.common import ServicesDep
from server.routes.disconnect import unless_disconnected
from server.services import Services
from server.wire.answer import ChunkEncoder, Envelope, WholeEncoder
from server.wire.errors import ApiError, bad_request, context_length_exceeded
from server.wire.failures import as_api_error
from server.wire.parse import Chat, read_chat
from server.wire.request import ChatRequest

log = logging.getLogger(__name__)
router = APIRouter()


@router.post("/v1/chat/completions")
async def create_chat_completion(body: ChatRequest, request: Request, services: ServicesDep) -> Response:
    """A chat completion, with tools decoded in stages."""
    # In a thread, as below: a long conversation, or many schemas, take longer than other streams should stand still.
    chat = await asyncio.to_thread(read_chat, body, PROFILES, services.registry, services.engine.model)
    envelope = _envelope(chat, services)
    ticket = await _admit(chat, services)
    if chat.stream:
        return _Stream(_sse(chat, envelope, services), ticket, services)
    with ticket:
        return JSONResponse(await unless_disconnected(request, _whole(chat, envelope, services)))


async def _admit(chat: Chat, services: Services) -> Ticket:
    """A place in the queue for a request that can be served: what comes after this may be too late for a status."""
    try:
        await asyncio.to_thread(_check_fits, chat, services)
        await services.engine.health()
        return services.admission.admit()
    except (ApiError, EngineError) as error:
        services.metrics.count_request(chat.step.profile.id, as_api_error(error).status)
        raise


def _check_fits(chat: Chat, services: Services) -> None:
    try:
        check_fits(chat.step, services.stages)
    except TemplateError as error:
        raise bad_request(str(error), "messages") from error
    except ContextOverflow as error:
        raise context_length_exceeded(error.limit, error.prompt, error.wanted) from error


def _envelope(chat: Chat, services: Services) -> Envelope:
    return Envelope(
        id=f"chatcmpl-{secrets.token_hex(14)}",
        created=int(time.time()),
        model=chat.step.profile.id,
        fingerprint=f"dualtune-{__version__}:{services.engine.model.name}",
        n=chat.n,
    )


async def _decode(chat: Chat, services: Services) -> AsyncGenerator[tuple[int, Event], None]:
    """The events of the answer, once it is this request's turn."""
    async with services.admission.turn(), aclosing(choices(chat.step, services.stages, chat.n)) as events:
        async for index, event in events:
            if isinstance(event, StageDone):
                services.metrics.count_stage(event)
            yield index, event


async def _whole(chat: Chat, envelope: Envelope, services: Services) -> dict[str, Any]:
    encoder = WholeEncoder(envelope)
    with _counted(chat, services):
        async with aclosing(_decode(chat, services)) as events:
            async for index, event in events:
                encoder.feed(index, event)
    return encoder.end()


async def _sse(chat: Chat, envelope: Envelope, services: Services) -> AsyncGenerator[bytes, None]:
    encoder = ChunkEncoder(envelope, include_usage=chat.include_usage)
    try:
        with _counted(chat, services):
            async with aclosing(_decode(chat, services)) as events:
                async for index, event in events:
                    for chunk in encoder.feed(index, event):
                        yield _data(chunk)
            for chunk in encoder.end():
                yield _data(chunk)
            yield b"data: [DONE]\n\n"
    except Exception as error:
        # Too late for a status: the SDKs raise on this event.
        failure = as_api_error(error)
        log.warning("a stream failed: %s", failure.message, exc_info=failure.status == 500)
        yield _data(failure.body())


@contextmanager
def _counted(chat: Chat, services: Services) -> Generator[None, None, None]:
    status = 499  # the client went away, unless we come to an end
    try:
        yield
        status = 200
    except Exception as error:
        status = as_api_error(error).status
        raise
    finally:
        services.metrics.count_request(chat.step.profile.id, status)


def _data(value: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(value, ensure_ascii=False, separators=(',', ':'))}\n\n".encode()


class _Stream(EventSourceResponse):
    """An SSE response that holds its place in the queue until it is over, also if it never starts."""

    def __init__(self, events: AsyncGenerator[bytes, None], ticket: Ticket, services: Services) -> None:
        super().__init__(
            events,
            ping=services.settings.keepalive_seconds,
            ping_message_factory=lambda: ServerSentEvent(comment="keep-alive", sep="\n"),
            shutdown_event=anyio.Event(),
            shutdown_grace_period=services.settings.drain_seconds,
        )
        self._ticket = ticket

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._ticket:
            await super().__call__(scope, receive, send)
