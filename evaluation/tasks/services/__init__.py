"""What services behind toolsets hold, and what raw results show of it, by toolset: Notion and monday.com."""

from __future__ import annotations

from collections.abc import Mapping

from evaluation.tasks.services import monday, notion
from evaluation.tasks.services.record import Record, Service, fingerprint

SERVICES: Mapping[str, Service] = {
    "notion": Service(notion.record, notion.facts, notion.changed),
    "monday": Service(monday.record, monday.facts, monday.changed),
}

__all__ = ["SERVICES", "Record", "Service", "fingerprint"]
