"""`POST /v1/chat/completions`."""

from __future__ import annotations

import json
import logging
import secrets
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
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
from server.profiles import PROFILES
from server.routes.common import ServicesDep
from server.routes.disconnect import unless_disconnected
from server.services import Services
from server.wire.answer import ChunkEncoder, Envelope, WholeEncoder
from server.wire.errors import bad_request, context_length_exceeded
from server.wire.failures import as_api_error
from server.wire.parse import Chat, read_chat
from server.wire.request import ChatRequest

log = logging.getLogger(__name__)
router = APIRouter()


@router.post("/v1/chat/completions")
async def create_chat_completion(body: ChatRequest, request: Request, services: ServicesDep) -> Response:
    """A chat completion, with tools decoded in stages."""
    chat = read_chat(body, PROFILES, services.registry, services.engine.model)
    _check_fits(chat, services)
    envelope = _envelope(chat, services)
    ticket = services.admission.admit()
    if chat.stream:
        return _Stream(_sse(chat, envelope, services), ticket, services)
    with ticket:
        whole = await unless_disconnected(request, _whole(chat, envelope, services))
    services.metrics.requests.labels(chat.step.profile.id, 200).inc()
    return JSONResponse(whole)


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
    async with aclosing(_decode(chat, services)) as events:
        async for index, event in events:
            encoder.feed(index, event)
    return encoder.end()


async def _sse(chat: Chat, envelope: Envelope, services: Services) -> AsyncGenerator[ServerSentEvent, None]:
    encoder = ChunkEncoder(envelope, include_usage=chat.include_usage)
    status = 499  # the client went away, unless we come to an end
    try:
        async with aclosing(_decode(chat, services)) as events:
            async for index, event in events:
                for chunk in encoder.feed(index, event):
                    yield _data(chunk)
        for chunk in encoder.end():
            yield _data(chunk)
        yield ServerSentEvent(data="[DONE]")
        status = 200
    except Exception as error:
        # Too late for a status: the SDKs raise on this event.
        failure = as_api_error(error)
        status = failure.status
        if status >= 500:
            log.exception("a stream failed")
        yield _data(failure.body())
    finally:
        services.metrics.requests.labels(chat.step.profile.id, status).inc()


def _data(value: dict[str, Any]) -> ServerSentEvent:
    return ServerSentEvent(data=json.dumps(value, ensure_ascii=False, separators=(",", ":")))


class _Stream(EventSourceResponse):
    """An SSE response that holds its place in the queue until it is over, also if it never starts."""

    def __init__(self, events: AsyncGenerator[ServerSentEvent, None], ticket: Ticket, services: Services) -> None:
        super().__init__(
            events,
            ping=services.settings.keepalive_seconds,
            ping_message_factory=lambda: ServerSentEvent(comment="keep-alive"),
            sep="\n",
            shutdown_event=anyio.Event(),
            shutdown_grace_period=services.settings.drain_seconds,
        )
        self._ticket = ticket

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._ticket:
            await super().__call__(scope, receive, send)
