"""JSON Schemas as tools have them, each with a strategy for values that are valid by it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import regex  # type: ignore[import-untyped]
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from server.constraints.jsontext import canonical

GENERATED = settings(max_examples=60, derandomize=True, suppress_health_check=list(HealthCheck))
"""The same examples in every run, however slow the machine is."""
SEEDS = st.integers(0, 2**32)

NAMES = ("id", "path", "name", "kind", "to date", "x-1", 'q"', "née")
TEXT = st.text(max_size=6)
WORDS = st.text('abcXYZ019-_/ é日"\\\n', max_size=6)
SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.sampled_from([0.5, -2.25]) | WORDS

PATTERNS = (
    r"^[A-Z]{3}-\d{4}$",
    r"^#[0-9a-f]{6}$",
    r"^(?:red|green)$",
    r"^\w+(\.\w+)*$",
    r"^/[a-z/]*$",
    r"^[\w.+-]+@\w+$",
)
"""Of whole strings: in the grammar."""
LOOSE_PATTERNS = ("^a", "b$", "[0-9]{2}", "^(?!-)[a-z]+$", r"^\S+$", "x|^y|z$", r"^\p{Lu}")
"""Left to the check."""
LOOSELY_MATCHING = ("ab", "12b", "y12", "abx", "Äb12x")

FORMATS = {
    "date-time": ("2026-11-20T08:30:00Z", "1999-12-31T23:59:59.5+01:00"),
    "date": ("2024-02-29", "1999-12-31"),
    "time": ("08:30:00Z", "23:59:59.999-11:30"),
    "duration": ("PT5M", "P3W", "P1Y2M"),
    "email": ("a.b@example.org", "x+1@sub.example.com"),
    "hostname": ("example.org", "a-1"),
    "ipv4": ("10.0.0.1", "255.255.255.255"),
    "ipv6": ("::1", "2001:db8::7"),
    "uuid": ("123e4567-e89b-12d3-a456-426614174000",),
    "uri": ("https://example.org/a?b=c",),
}


@dataclass(frozen=True)
class Part:
    """A schema and values that are valid by it, within what the grammars allow and with members in their order."""

    schema: Any
    values: st.SearchStrategy[Any]


@st.composite
def leaves(draw: st.DrawFn) -> Part:
    part = draw(st.sampled_from(LEAVES))(draw)
    if isinstance(part.schema, dict) and draw(st.booleans()):
        return Part(part.schema | {"description": "What it is for.", "examples": ["x"]}, part.values)
    return part


def plain(draw: st.DrawFn) -> Part:
    kinds: dict[str, st.SearchStrategy[Any]] = {
        "string": TEXT,
        "integer": st.integers(-(2**63) + 1, 2**63 - 1),
        "number": st.floats(allow_nan=False, allow_infinity=False) | st.integers(),
        "boolean": st.booleans(),
        "null": st.none(),
    }
    chosen = draw(st.lists(st.sampled_from(sorted(kinds)), min_size=1, max_size=2, unique=True))
    return Part({"type": chosen[0] if len(chosen) == 1 else chosen}, st.one_of([kinds[kind] for kind in chosen]))


def anything(draw: st.DrawFn) -> Part:
    return Part(draw(st.sampled_from([True, {}])), SCALARS)


def listed(draw: st.DrawFn) -> Part:
    values = draw(st.lists(SCALARS | st.lists(SCALARS, max_size=2), min_size=1, max_size=4, unique_by=canonical))
    schema: dict[str, Any] = {"const": values[0]} if len(values) == 1 else {"enum": values}
    if all(isinstance(value, str) for value in values):
        schema["type"] = "string"
    return Part(schema, st.sampled_from(values))


def bounded_integer(draw: st.DrawFn) -> Part:
    low, size = draw(st.integers(-200, 200) | st.integers(-(10**12), 10**12)), draw(st.integers(0, 5000))
    schema: dict[str, Any] = {"type": "integer"}
    schema |= draw(st.sampled_from([{"minimum": low}, {"exclusiveMinimum": low - 1}, {"minimum": low - 0.5}]))
    schema |= draw(st.sampled_from([{"maximum": low + size}, {"exclusiveMaximum": low + size + 1}, {}]))
    values = st.integers(low, low + size)
    step = draw(st.sampled_from([None, None, 2, 5]))
    if step and size >= step:
        return Part(
            schema | {"multipleOf": step},
            values.map(lambda value: min(-(-value // step) * step, (low + size) // step * step)),
        )
    return Part(schema, values)


def bounded_number(draw: st.DrawFn) -> Part:
    low, size = draw(st.integers(-1000, 1000)) / 4, draw(st.integers(1, 100))
    schema = draw(
        st.sampled_from([{"minimum": low}, {"minimum": low, "maximum": low + size}, {"exclusiveMinimum": low - 0.25}])
    )
    return Part({"type": "number"} | schema, st.integers(0, size * 8).map(lambda step: low + step / 8))


def patterned(draw: st.DrawFn) -> Part:
    pattern = draw(st.sampled_from(PATTERNS))
    whole = re.compile(pattern.removeprefix("^").removesuffix("$"), re.ASCII)
    return Part({"type": "string", "pattern": pattern}, st.from_regex(whole, fullmatch=True))


def loosely_patterned(draw: st.DrawFn) -> Part:
    pattern = draw(st.sampled_from(LOOSE_PATTERNS))
    return Part(
        {"type": "string", "pattern": pattern},
        st.sampled_from([text for text in LOOSELY_MATCHING if regex.search(pattern, text)]),
    )


def formatted(draw: st.DrawFn) -> Part:
    name = draw(st.sampled_from(sorted(FORMATS)))
    return Part({"type": "string", "format": name}, st.sampled_from(FORMATS[name]))


def measured(draw: st.DrawFn) -> Part:
    least, more = draw(st.integers(0, 3)), draw(st.integers(0, 5))
    schema = draw(st.sampled_from([{"minLength": least}, {"minLength": least, "maxLength": least + more}]))
    # Where characters are counted, none are escaped.
    alphabet = st.characters(exclude_characters='"\\', exclude_categories=["Cc", "Cs"])
    return Part({"type": "string"} | schema, st.text(alphabet, min_size=least, max_size=least + more))


LEAVES: Sequence[Callable[[st.DrawFn], Part]] = (
    plain, plain, anything, listed, bounded_integer, bounded_number, patterned, loosely_patterned, formatted, measured,
)  # fmt: skip


# What is made of parts.


def parts(depth: int) -> st.SearchStrategy[Part]:
    """Parts that hold others down to `depth`."""
    if depth == 0:
        return leaves()
    inner = parts(depth - 1)
    return st.one_of(
        [leaves(), objects(inner), *(container(inner) for container in (arrays, tuples, unions, tagged, excepted))]
    )


@st.composite
def objects(draw: st.DrawFn, inner: st.SearchStrategy[Part]) -> Part:
    names = draw(st.lists(st.sampled_from(NAMES), max_size=4, unique=True))
    members = {name: draw(inner) for name in names}
    required = [name for name in names if draw(st.booleans())]
    others = draw(st.sampled_from([{}, {}, {"additionalProperties": False}, {"additionalProperties": True}]))
    schema = {"type": "object", "properties": {name: part.schema for name, part in members.items()}, **others}
    return Part(schema | ({"required": required} if required else {}), values_of_object(members, required))


def values_of_object(members: dict[str, Part], required: Sequence[str]) -> st.SearchStrategy[dict[str, Any]]:
    """In the order of `members`."""
    kept = [st.just(True) if name in required else st.booleans() for name in members]
    return st.tuples(st.tuples(*kept), st.tuples(*(part.values for part in members.values()))).map(
        lambda drawn: {name: value for name, kept, value in zip(members, *drawn, strict=True) if kept}
    )


@st.composite
def maps(draw: st.DrawFn, inner: st.SearchStrategy[Part]) -> Part:
    part = draw(inner)
    names = draw(st.sampled_from([{}, {"propertyNames": {"type": "string"}}, {"propertyNames": {"pattern": "^[a-z]"}}]))
    least = draw(st.sampled_from([{}, {"minProperties": 1}, {"maxProperties": 3}]))
    keys = st.text("abcxyz", min_size=1, max_size=4)
    return Part(
        {"type": "object", "additionalProperties": part.schema, **names, **least},
        st.dictionaries(keys, part.values, min_size=1, max_size=3),
    )


@st.composite
def arrays(draw: st.DrawFn, inner: st.SearchStrategy[Part]) -> Part:
    part, least = draw(inner), draw(st.integers(0, 2))
    schema: dict[str, Any] = {"type": "array", "items": part.schema}
    schema |= draw(st.sampled_from([{}, {"minItems": least}, {"minItems": least, "maxItems": least + 2}]))
    return Part(schema, st.lists(part.values, min_size=least, max_size=least + 2))


@st.composite
def sets(draw: st.DrawFn) -> Part:
    listed = ["x", "y", 7]
    part = draw(st.sampled_from([Part({"type": "string"}, TEXT), Part({"enum": listed}, st.sampled_from(listed))]))
    least = draw(st.integers(0, 2))
    schema = {"type": "array", "items": part.schema, "uniqueItems": True, "minItems": least}
    return Part(schema, st.lists(part.values, min_size=least, max_size=3, unique=True))


@st.composite
def tuples(draw: st.DrawFn, inner: st.SearchStrategy[Part]) -> Part:
    first = draw(st.lists(inner, min_size=1, max_size=3))
    schema = {"type": "array", "prefixItems": [part.schema for part in first], "items": False}
    schema |= draw(st.sampled_from([{}, {"minItems": len(first)}]))
    return Part(schema, st.tuples(*(part.values for part in first)).map(list))


@st.composite
def unions(draw: st.DrawFn, inner: st.SearchStrategy[Part]) -> Part:
    branches = [*draw(st.lists(inner, min_size=1, max_size=2)), Part({"type": "null"}, st.none())]
    chosen = draw(st.permutations(branches))
    return Part(
        {"anyOf": [part.schema for part in chosen], "default": None}, st.one_of([part.values for part in chosen])
    )


@st.composite
def tagged(draw: st.DrawFn, inner: st.SearchStrategy[Part]) -> Part:
    """Objects of several kinds, told apart by one property."""
    keyword = draw(st.sampled_from(["anyOf", "oneOf"]))
    branches = [
        Part(
            {
                "type": "object",
                "properties": {"tag": {"const": tag}, "value": part.schema},
                "required": ["tag"],
                "additionalProperties": False,
            },
            values_of_object({"tag": Part({}, st.just(tag)), "value": part}, ["tag"]),
        )
        for tag, part in zip("abc", draw(st.lists(inner, min_size=2, max_size=3)), strict=False)
    ]
    schema = {keyword: [branch.schema for branch in branches], "discriminator": {"propertyName": "tag"}}
    return Part(schema, st.one_of([branch.values for branch in branches]))


@st.composite
def combined(draw: st.DrawFn, inner: st.SearchStrategy[Part]) -> Part:
    """Objects by `allOf`, as generated clients write inheritance."""
    own, base = draw(inner), draw(inner)
    schema = {
        "properties": {"own": own.schema},
        "required": ["own"],
        "allOf": [{"type": "object", "properties": {"base": base.schema}, "required": ["base"]}],
    }
    return Part(schema, values_of_object({"own": own, "base": base}, ["own", "base"]))


EXCEPTIONS: Sequence[tuple[dict[str, Any], Any]] = (
    ({"not": {"const": "abc"}}, "abc"),
    ({"not": {"type": "array", "maxItems": 0}}, []),
    ({"if": {"type": "null"}, "then": False}, None),
)
"""Rules, each with the one value that it forbids."""


@st.composite
def excepted(draw: st.DrawFn, inner: st.SearchStrategy[Part]) -> Part:
    """With a rule that no grammar knows."""
    part = draw(inner)
    if not isinstance(part.schema, dict):
        return part
    rule, excluded = draw(st.sampled_from(EXCEPTIONS))
    return Part(part.schema | rule, part.values.filter(lambda value: value != excluded))


@st.composite
def roots(draw: st.DrawFn) -> Part:
    """Whole schemas: an object whose parts may refer to definitions, one of which refers to itself."""
    shared = draw(leaves())
    node = {
        "type": "object",
        "properties": {"value": shared.schema, "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}},
        "required": ["value"],
    }
    nodes = st.recursive(
        values_of_object({"value": shared}, ["value"]),
        lambda inner: values_of_object({"value": shared, "next": Part({}, inner | st.none())}, ["value"]),
        max_leaves=3,
    )
    referring = st.sampled_from(
        [
            Part({"$ref": "#/$defs/shared"}, shared.values),
            Part({"$ref": "#/$defs/node", "description": "A list."}, nodes),
            Part({"allOf": [{"$ref": "#/$defs/node"}]}, nodes),
        ]
    )
    root = draw(objects(parts(2) | referring) | objects(maps(leaves()) | sets() | combined(leaves()) | referring))
    return Part(root.schema | {"$defs": {"shared": shared.schema, "node": node}}, root.values)
