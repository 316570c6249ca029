"""Plans for queries of a data source: by filter, in an order, a number of rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from training.offline.notion import answers
from training.offline.notion.said import Said, source_said, typed, value_said
from training.offline.notion.view import MOST, Json, View, held, length
from training.offline.scene import Scene, named, one_call
from training.offline.script import Call, Task, Unfit
from training.offline.words import telling_words

_EQUAL = frozenset({"status", "select", "number", "date", "email", "phone_number"})
_CONTAINING = frozenset({"title", "rich_text", "multi_select"})
_ORDERED = frozenset({"title", "number", "date", "email"})

Holds = Callable[[Any], bool]


def query(source: str, **arguments: Any) -> Call:
    return Call("API-query-data-source", {"data_source_id": source, **arguments})


def columns(source: Json, kinds: frozenset[str]) -> list[Json]:
    return [column for column in source["properties"].values() if column["type"] in kinds]


def matching(s: Scene[View], source: Json, column: Json, holds: Holds) -> list[Json]:
    """The rows whose value of a column passes."""
    return [row for row in s.state.rows_of(source) if holds(held(row["properties"][column["name"]]))]


def equal(s: Scene[View], source: Json, fits: Callable[[Sequence[Json]], bool]) -> tuple[Json, Any, Json]:
    """A column, a value, and the filter for the rows that have it. `fits`: whether it may be these rows."""
    column, value = s.pick(
        [
            (column, value)
            for column in columns(source, _EQUAL)
            for value in dict.fromkeys(held(row["properties"][column["name"]]) for row in s.state.rows_of(source))
            if value not in (None, "") and fits(having(s, source, column, value))
        ]
    )
    return column, value, {"property": column["name"], column["type"]: {"equals": value}}


def having(s: Scene[View], source: Json, column: Json, value: Any) -> list[Json]:
    return matching(s, source, column, lambda content: bool(content == value))


def short(rows: Sequence[Json], most: int = MOST) -> bool:
    return length(rows) <= most


def _filtered(s: Scene[View], source: Json, column: Json, value: Said, operator: str, holds: Holds) -> Task:
    """Rows by one condition. Raises Unfit where there are none, or too many to be shown."""
    found = matching(s, source, column, holds)
    if not found or not short(found):
        raise Unfit("results that are too long, or none")
    said = source_said(s, source)
    condition = {"property": column["name"], column["type"]: {operator: value.value}}
    words = {"source": said.text, "typed": typed(s, column), "column": s.quoted(column["name"]), "value": value.text}
    return one_call(words, query(said.value, filter=condition), answers.rows)


# So many rows


def _some(s: Scene[View], rows: Sequence[Json]) -> int:
    """How many of these can be shown, which is fewer than there are. Raises Unfit where it is one at most."""
    return s.pick([number for number in (2, 3, 4) if number < len(rows) and short(rows[:number])])


def query_first(s: Scene[View]) -> Task:
    source = s.pick(s.state.sources)
    number = _some(s, s.state.rows_of(source))
    said = source_said(s, source)
    words = {"source": said.text, "id": said.value, "n": s.number(number)}
    return one_call(words, query(said.value, page_size=number), answers.rows)


def query_up(s: Scene[View]) -> Task:
    return _sorted(s, "ascending")


def query_down(s: Scene[View]) -> Task:
    return _sorted(s, "descending")


def _sorted(s: Scene[View], direction: str) -> Task:
    source = s.pick(s.state.sources)
    column = s.pick(columns(source, _ORDERED))
    longest = sorted(s.state.rows_of(source), key=lambda row: -length([row]))
    number = _some(s, longest)
    said = source_said(s, source)
    words = {"source": said.text, "column": s.quoted(column["name"]), "n": s.number(number)}
    sorts = [{"property": column["name"], "direction": direction}]
    return one_call(words, query(said.value, sorts=sorts, page_size=number), answers.rows)


# Those that pass a filter


def query_where(s: Scene[View]) -> Task:
    source = s.pick(s.state.sources)
    column, value, condition = equal(s, source, short)
    said = source_said(s, source)
    words = {"source": said.text, "typed": typed(s, column), "value": value_said(s, value).text}
    return one_call(words, query(said.value, filter=condition), answers.rows)


def query_where_first(s: Scene[View]) -> Task:
    source = s.pick(s.state.sources)
    column, value, condition = equal(s, source, lambda rows: len(rows) > 2 and short(rows[:2]))
    number = _some(s, having(s, source, column, value))
    said = source_said(s, source)
    words = {"source": said.text, "typed": typed(s, column), "value": value_said(s, value).text, "n": s.number(number)}
    return one_call(words, query(said.value, filter=condition, page_size=number), answers.rows)


def query_contains(s: Scene[View]) -> Task:
    source = s.pick(s.state.sources)
    column = s.pick(columns(source, _CONTAINING))
    content = held(s.pick(s.state.rows_of(source))["properties"][column["name"]])
    part = s.pick(content if isinstance(content, list) else telling_words(content))

    def holds(content: Any) -> bool:
        return part in content if isinstance(content, list) else part.casefold() in content.casefold()

    return _filtered(s, source, column, Said(part, s.quoted(part)), "contains", holds)


def query_above(s: Scene[View]) -> Task:
    return _compared(s, "number", "greater_than", lambda content, bound: content > bound)


def query_below(s: Scene[View]) -> Task:
    return _compared(s, "number", "less_than", lambda content, bound: content < bound)


def query_after(s: Scene[View]) -> Task:
    return _compared(s, "date", "after", lambda content, bound: content > bound)


def query_before(s: Scene[View]) -> Task:
    return _compared(s, "date", "before", lambda content, bound: content < bound)


def _compared(s: Scene[View], kind: str, operator: str, holds: Callable[[Any, Any], bool]) -> Task:
    """With the value of a row as the bound."""
    column, source = s.pick([(c, source) for source in s.state.sources for c in columns(source, frozenset({kind}))])
    values = [held(row["properties"][column["name"]]) for row in s.state.rows_of(source)]
    bound = s.pick([value for value in values if value is not None])
    return _filtered(
        s, source, column, value_said(s, bound), operator, lambda content: content is not None and holds(content, bound)
    )


def query_checked(s: Scene[View]) -> Task:
    return _ticked(s, True)


def query_unchecked(s: Scene[View]) -> Task:
    return _ticked(s, False)


def _ticked(s: Scene[View], wanted: bool) -> Task:
    boxes = [(c, source) for source in s.state.sources for c in columns(source, frozenset({"checkbox"}))]
    column, source = s.pick(boxes)
    task = _filtered(s, source, column, Said(wanted, ""), "equals", lambda content: content is wanted)
    return Task({**task.slots, "box": s.quoted(column["name"])}, task.script)


PLANS = named(
    query_first,
    query_up,
    query_down,
    query_where,
    query_where_first,
    query_contains,
    query_above,
    query_below,
    query_after,
    query_before,
    query_checked,
    query_unchecked,
)
