"""A teacher that is not there: its endpoint, what it says, and a tool server that needs nothing installed."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx

from toolsets.manifest import Manifest, read_toolset
from toolsets.model import Tool, Toolset
from toolsets.sandbox import backend
from training.teacher.endpoint import Endpoint
from training.teacher.places import Subject

URL = "https://teacher.test/v1"
COMPLETIONS = f"{URL}/chat/completions"
STUB = Path(__file__).parent.parent / "toolsets" / "stub_server.py"

SAY = Tool("say", "Say a text.", {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]})
PID = Tool("pid", "Tell the number of the process.")
ENVIRONMENT = Tool(
    "environment", "Show the variables.", {"type": "object", "properties": {"prefix": {"type": "string"}}}
)
_STARTS = {"say": "utter", "pid": "number", "environment": "variables"}
"""How the scripted teacher's requests for a tool begin."""


def completion(content: str | None, *calls: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    """An answer of 100 tokens to a prompt of 1,000."""
    message: dict[str, Any] = {"role": "assistant", "content": content}
    if calls:
        message["tool_calls"] = [
            {"id": f"c{n}", "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}
            for n, (name, arguments) in enumerate(calls)
        ]
    return {
        "id": "x",
        "object": "chat.completion",
        "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls" if calls else "stop"}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100},
    }


def requests(*texts: str) -> dict[str, Any]:
    """An answer with these requests."""
    return completion(json.dumps({"requests": texts}))


@dataclass
class ScriptedTeacher:
    """Writes requests that begin as `_STARTS` says, and carries them out; `bodies` are what it was sent."""

    salt: str = ""
    """Two of one salt write the same requests."""
    bodies: list[dict[str, Any]] = field(default_factory=list)
    before: Callable[[int], httpx.Response | None] = lambda number: None
    """What is answered in its place to the request of this number, the first being 1."""

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        self.bodies.append(body)
        instead = self.before(len(self.bodies))
        return instead or httpx.Response(200, json=self._written(body) if "response_format" in body else _act(body))

    def _written(self, body: dict[str, Any]) -> dict[str, Any]:
        prompt = body["messages"][-1]["content"]
        wanted = re.search(r"^Write (\d+) (.*)", prompt, re.MULTILINE | re.DOTALL)
        assert wanted is not None
        tools = [name for name in _STARTS if re.search(rf"\b{name}\b", wanted[2].split("Among them")[0])]
        start = " and ".join(_STARTS[name] for name in tools) or "hello"
        marks = [sha256(f"{self.salt}{len(self.bodies)}/{n}".encode()).hexdigest() for n in range(int(wanted[1]))]
        return requests(*(f"{start} {mark[:5]} {mark[5:10]} {mark[10:15]}" for mark in marks))


def _act(body: dict[str, Any]) -> dict[str, Any]:
    """A call for each tool that the request is for, one after the other, and then an answer."""
    messages = body["messages"]
    task = next(message["content"] for message in messages if message["role"] == "user")
    todo = [name for name, start in _STARTS.items() if start in task]
    done = sum(message["role"] == "tool" for message in messages)
    if done == len(todo):
        return completion("It is done.")
    return completion(None, (todo[done], {"text": task} if todo[done] == "say" else {}))


def write_notes(folder: Path, *tools: Tool) -> None:
    """A toolset `notes` in `folder`, with a server that has these tools."""
    server = folder.parent / "server"
    server.mkdir(exist_ok=True)
    (server / "schemas").write_text(json.dumps({tool.name: tool.parameters for tool in tools}))
    place = folder / "notes"
    place.mkdir(parents=True, exist_ok=True)
    command = json.dumps([sys.executable, str(STUB), str(server)])
    (place / "toolset.toml").write_text(f'name = "notes"\ndescription = "Notes."\n[server]\ncommand = {command}\n')
    plain = Toolset("notes", "Notes.", tools)
    listed = [{"name": tool.name, "description": tool.description, "inputSchema": tool.parameters} for tool in tools]
    (place / "tools.json").write_text(json.dumps({"digest": plain.digest, "tools": listed}))


def notes(folder: Path, *tools: Tool) -> Subject:
    """The toolset `notes`, to be taught without a sandbox."""
    write_notes(folder / "toolsets", *tools)
    found: tuple[Manifest, Toolset] = read_toolset(folder / "toolsets" / "notes")
    return Subject(found[1], found[0], backend("none"))


@dataclass
class Naps:
    """A sleep that only says how long it would have been."""

    seconds: list[float] = field(default_factory=list)

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


def endpoint(client: httpx.AsyncClient, naps: Naps | None = None, key: str | None = "secret") -> Endpoint:
    return Endpoint(client, URL, "tutor", key, naps or Naps())
