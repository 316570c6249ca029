"""Put into the manifests of shipped means what was measured of them: `python measured.py FILE [FILE ...]`.

The files are those of `dualtune eval requests`. The means were never validated in training. Measured was in how many
requests a selector was right, and arguments in how many of those for which their tool was chosen.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from adapters import Manifest, Role, read_manifest, write_manifest

_SHIPPED = Path("adapters/SmolLM2-135M-Instruct")


def main(files: list[Path]) -> None:
    tables = [json.loads(file.read_text(encoding="utf-8"))["dualtune"]["summary"]["by_tool"] for file in files]
    for folder in (path.parent for path in _SHIPPED.rglob("manifest.json")):
        manifest = read_manifest(folder)
        if "mean_of" in manifest.training:
            tried, right = _measured(manifest, tables)
            metrics = {"requests": tried, "requests_right": right / tried}
            write_manifest(folder, manifest.model_copy(update={"metrics": metrics}))


def _measured(manifest: Manifest, tables: list[dict[str, list[int]]]) -> tuple[int, int]:
    """Requests that it was tried on, and those in which it was right. Raises KeyError for a mean of other adapters."""
    if manifest.role is Role.SELECTOR:
        tried, right, _ = map(sum, zip(*(row for table in tables for row in table.values()), strict=True))
    else:
        _, tried, right = map(sum, zip(*(table[manifest.tool or manifest.role] for table in tables), strict=True))
    return tried, right


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]])
