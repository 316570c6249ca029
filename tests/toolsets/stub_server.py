"""An MCP server over stdio that misbehaves when told to. It needs nothing installed and starts in a moment.

    python stub_server.py [FOLDER]

Each start leaves a file in FOLDER. With a file `broken` there it fails, with `mute` it never answers; `schemas` there
says what tools it lists.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

FOLDERS = [Path(name) for name in sys.argv[1:]]


def answer(message: dict[str, Any]) -> dict[str, Any] | None:
    params = message.get("params", {})
    match message["method"], params.get("name"):
        case "initialize", _:
            server = {"name": "stub", "version": "1"}
            return {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}}, "serverInfo": server}
        case "tools/list", _:
            return {"tools": [{"name": name, "inputSchema": schema} for name, schema in schemas().items()]}
        case "tools/call", "pid":
            return text(str(os.getpid()))
        case "tools/call", "say":
            return text(params["arguments"]["text"])
        case "tools/call", "environment":
            return text(json.dumps(dict(os.environ)))
        case "tools/call", "malformed":
            return {"content": "not a list"}
        case "tools/call", "silent":
            return None
        case "tools/call", "hang":
            time.sleep(3600)
        case "tools/call", "die":
            os._exit(3)
    return {}


def schemas() -> dict[str, Any]:
    for folder in FOLDERS:
        if (folder / "schemas").exists():
            return dict(json.loads((folder / "schemas").read_text()))
    return {"pid": {"type": "object"}}


def text(value: str) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": value}]}


def main() -> None:
    for folder in FOLDERS:
        (folder / f"start-{len(list(folder.glob('start-*')))}").touch()
        if (folder / "broken").exists():
            sys.exit("the licence has run out")
        if (folder / "mute").exists():
            time.sleep(3600)
    for line in sys.stdin:
        message = json.loads(line)
        if "id" in message and (result := answer(message)) is not None:
            sys.stdout.write(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
