"""Put into the manifests of shipped means what was measured of them: `python measured.py FILE [FILE ...]`.

The files are those of `dualtune eval requests`. The means are of arguments and were never validated in training: what
was measured is how often they were right where their tool was chosen.
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
            _, chosen, right = map(sum, zip(*(table[manifest.tool] for table in tables), strict=True))
            metrics = {"requests": chosen, "requests_right": right / chosen}
            write_manifest(folder, manifest.model_copy(update={"metrics": metrics}))


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]])
