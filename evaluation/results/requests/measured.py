"""Put into the manifests of shipped means what was measured of them: `python measured.py FILE [FILE ...]`.

The files are those of `dualtune eval requests`. The means were never validated in training. Measured was in how many
requests a selector was right, and arguments in how many of those for which their tool was chosen.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from adapters import read_manifest, write_manifest

_SHIPPED = Path("adapters/SmolLM2-135M-Instruct")


def main(files: list[Path]) -> None:
    tables = [json.loads(file.read_text(encoding="utf-8"))["dualtune"]["summary"]["by_tool"] for file in files]
    for folder in (path.parent for path in _SHIPPED.rglob("manifest.json")):
        manifest = read_manifest(folder)
        if "mean_of" in manifest.training:
            rows = [row for table in tables for tool, row in table.items() if manifest.tool in (tool, None)]
            asked, chosen, right = map(sum, zip(*rows, strict=True))
            tried, done = (chosen, right) if manifest.tool else (asked, chosen)
            metrics = {"requests": tried, "requests_right": done / tried}
            write_manifest(folder, manifest.model_copy(update={"metrics": metrics}))


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]])
