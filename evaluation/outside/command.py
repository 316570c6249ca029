"""`dualtune eval bfcl` and `dualtune eval langchain`."""

from __future__ import annotations

from pathlib import Path

from rich.table import Table

from evaluation.outside import bfcl as leaderboard
from evaluation.outside import langchain as suite
from evaluation.outside.record import BFCL, LangChain
from toolsets.console import tell


def bfcl(
    categories: tuple[str, ...],
    model: str,
    base_url: str,
    api_key: str,
    limit: int | None,
    max_tokens: int,
    out: Path,
    jobs: int,
) -> BFCL:
    """Raises EvaluationError."""
    chosen = leaderboard.settings(model, base_url, categories, limit, max_tokens)
    return leaderboard.measure(chosen, out, api_key, jobs, tell)


def langchain(model: str, base_url: str, api_key: str, out: Path) -> LangChain:
    """Raises EvaluationError."""
    return suite.measure(model, base_url, api_key, out, tell)


def bfcl_table(record: BFCL) -> Table:
    made = Table("category", "right", "entries", "share")
    for category in record.categories:
        entries = f"{category.of}" if category.whole else f"the first {category.of}"
        made.add_row(category.name, f"{category.right}", entries, f"{category.right / category.of:.1%}")
    return made


def langchain_table(record: LangChain) -> Table:
    """What did not pass, below the counts."""
    counts = ", ".join(f"{count} {outcome}" for outcome, count in record.counts.items())
    made = Table("test", "outcome", "why", title=counts)
    for test in record.tests:
        if test.outcome != "passed":
            made.add_row(test.name, test.outcome, test.message.partition("\n")[0])
    return made
