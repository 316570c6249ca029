"""Put into the manifests of shipped means what was measured of them: `python measured.py FILE [FILE ...]`.

The files are those of `dualtune eval requests`. A mean was never validated in training. Of a selector it is how often
it chose the right tool, of arguments how often they were right where their tool was chosen, on all requests of these
files that ask for a tool.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from adapters import Manifest, Role, read_manifest, write_manifest

_SHIPPED = Path("adapters/SmolLM2-135M-Instruct")


def main(files: list[Path]) -> None:
    found = [json.loads(file.read_text(encoding="utf-8"))["dualtune"]["answers"] for file in files]
    answers = [answer for each in found for answer in each if answer["expected"] is not None]
    for folder in (path.parent for path in _SHIPPED.rglob("manifest.json")):
        manifest = read_manifest(folder)
        if "mean_of" in manifest.training:
            write_manifest(folder, manifest.model_copy(update={"metrics": _metrics(manifest, answers)}))


def _metrics(manifest: Manifest, answers: list[dict[str, Any]]) -> dict[str, float]:
    if manifest.role is Role.SELECTOR:
        right = [answer["right_tool"] for answer in answers]
    else:
        right = [
            answer["right_call"] for answer in answers if answer["right_tool"] and answer["expected"] == manifest.tool
        ]
    return {"requests": len(right), "requests_right": sum(right) / len(right)}


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]])
