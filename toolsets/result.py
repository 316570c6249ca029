"""What a tool gave back, as a model reads it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mcp_types import CallToolResult, ContentBlock, EmbeddedResource, ResourceLink, TextContent, TextResourceContents


@dataclass(frozen=True)
class ToolResult:
    """`text` is for the model, cut and marked when `truncated`; `structured` is the server's own, whole.

    With `is_error` the text says what went wrong: with the call, the tool or the server. `seconds` is the time from
    the call to the answer, the start of a server that had ended included.
    """

    text: str
    is_error: bool = False
    truncated: bool = False
    structured: Mapping[str, Any] | None = field(default=None, hash=False)
    seconds: float = 0.0


def read_result(
    answer: CallToolResult, error_members: Mapping[str, Any], max_characters: int, seconds: float
) -> ToolResult:
    """Turn a server's answer into a result; see `toolsets.manifest.Server` for `error_members`."""
    whole = "\n".join(_texts(answer.content))
    if not answer.content and answer.structured_content is not None:
        whole = json.dumps(answer.structured_content, ensure_ascii=False)
    text = shorten(whole, max_characters)
    is_error = answer.is_error or _has_members(whole, error_members)
    return ToolResult(text, is_error, text != whole, answer.structured_content, seconds)


def shorten(text: str, max_characters: int) -> str:
    """The first `max_characters` of `text` and a mark that says so; `text` itself when it is no longer than that."""
    if len(text) <= max_characters:
        return text
    return f"{text[:max_characters]}\n[truncated: the first {max_characters:,} of {len(text):,} characters]"


def _texts(content: Iterable[ContentBlock]) -> Iterable[str]:
    for block in content:
        match block:
            case TextContent():
                yield block.text
            case EmbeddedResource(resource=TextResourceContents(text=text)):
                yield text
            case EmbeddedResource():
                yield f"[{block.resource.mime_type or 'binary'} resource: {block.resource.uri}]"
            case ResourceLink():
                yield f"[resource {block.name}: {block.uri}]"
            case _:
                # The length of base64 is four thirds of the bytes it stands for, its padding apart.
                yield f"[{block.mime_type}, {len(block.data.rstrip('=')) * 3 // 4:,} bytes, not shown]"


def _has_members(text: str, members: Mapping[str, Any]) -> bool:
    if not members or not text.lstrip().startswith("{"):
        return False
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return all(value.get(key) == expected for key, expected in members.items())
