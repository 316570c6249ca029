"""What a teacher is asked for: requests of users (after what DualTune, appendix B, asks for, in other words)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from server.chat_template import compact_json
from toolsets import Tool, Toolset

_INSTRUCTIONS = """\
You invent what people type to an assistant that can use tools. The people do not know which tools there are, or how
they are called; you are told so that you know what the assistant can do.

Every request
- is in English, on one line, and is the request alone: no number, no label, no quotation marks around it;
- can be carried out as it stands, without a question back: it has the names, numbers, dates and texts that it needs;
- never names a tool, one of its parameters, or a schema;
- never has a path from the root of a disk or a drive letter; a place is a relative path, or is told in words (the
  workspace, my folder, where you are allowed to work, in various words);
- differs from all others in more than its names: in what it is about, in its grammar, its length, its first words.

Mix orders, questions, wishes, hints and conditions; active and passive; with and without courtesy; a few words and
two sentences; now and then slang, a typo, no capital letters. Be concrete: the first 12 lines, the 3 largest, 10 MB,
last Tuesday. Where things have names, take all kinds: with spaces, with accents, in capitals, with a leading dot, in
folders within folders, with many endings (csv, json, md, pdf, png, mp4, tar.gz, env)."""

_ANGLES = (
    "terse, as typed on a phone",
    "polite and somewhat long-winded",
    "as a question",
    "as a hint of what is wrong, with the wish left to be understood",
    "with the reason first and the wish after it",
    "as a condition: if something is so, then do something",
    "as somebody who knows computers well",
    "as somebody who has never liked computers",
    "with a typo or two, and no capital letters",
    "in the passive voice",
    "as an instruction to a colleague who is in a hurry",
    "with a number that matters",
)
_STRESSED = 4


class _Requests(BaseModel):
    model_config = ConfigDict(extra="ignore")

    requests: list[str]


_FORMAT: Mapping[str, Any] = {
    "type": "json_schema",
    "json_schema": {
        "name": "requests",
        "strict": True,
        "schema": {
            "type": "object",
            "properties": {"requests": {"type": "array", "items": {"type": "string"}}},
            "required": ["requests"],
            "additionalProperties": False,
        },
    },
}


def query_request(
    toolset: Toolset, tools: Sequence[Tool], count: int, contents: str, random: Random
) -> Mapping[str, Any]:
    """The body, but for the model, that asks for `count` requests that need `tools`, all of them, or none."""
    known = "\n".join(f"- {tool.name}: {' '.join(tool.description.split())}" for tool in toolset.tools)
    parts = [f"The assistant's tools are for this: {toolset.description}", known]
    if contents:
        parts.append(f"What there is in the workspace; what a request finds or changes should be there:\n{contents}")
    parts.append(_wanted(tools, count))
    parts.append("Among them, some of each kind: " + "; ".join(random.sample(_ANGLES, _STRESSED)) + ".")
    return {
        "messages": [
            {"role": "system", "content": _INSTRUCTIONS},
            {"role": "user", "content": "\n\n".join(parts)},
        ],
        "response_format": _FORMAT,
    }


def read_requests(content: str | None) -> list[str] | None:
    """The requests of an answer; None where it is not what was asked for."""
    try:
        return _Requests.model_validate_json(content or "").requests
    except ValidationError:
        return None


def _wanted(tools: Sequence[Tool], count: int) -> str:
    if not tools:
        return (
            f"Write {count} messages that need none of these tools: small talk, common knowledge, help with a wording, "
            "a calculation, an opinion, what the assistant can do, and wishes that no tool here can fulfil."
        )
    schemas = "\n".join(f"- {tool.name}: {compact_json(tool.parameters)}" for tool in tools)
    if len(tools) == 1:
        return (
            f"Write {count} requests that cannot be carried out without {tools[0].name}; most need nothing else. Some "
            f"make use of what its parameters allow:\n{schemas}"
        )
    names = ", ".join(tool.name for tool in tools)
    return f"Write {count} requests, each of which needs all of these in some order: {names}.\n{schemas}"
