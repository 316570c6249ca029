"""JSON Schemas that hardly anybody would write, many of which nothing satisfies."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.server.schemas import FORMATS, LOOSE_PATTERNS, PATTERNS, SCALARS


def wild() -> st.SearchStrategy[dict[str, Any]]:
    """Whole schemas of every keyword, in any combination."""
    node = st.recursive(_wild_leaf(), _wild_container, max_leaves=6)
    return st.builds(
        lambda root, node: {**root, "type": "object", "$defs": {"node": node}}, _wild_container(node), node
    )


def _wild_leaf() -> st.SearchStrategy[Any]:
    bound = st.integers(-120, 120) | st.sampled_from([0.5, -2.5, 1e-9, 10**20])
    number: dict[str, st.SearchStrategy[Any]] = {
        **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), bound),
        "multipleOf": st.sampled_from([1, 2, 7, 0.5, 0.1]),
    }
    string = {
        "minLength": st.integers(0, 4),
        "maxLength": st.integers(0, 300),
        "pattern": st.sampled_from([*PATTERNS, *LOOSE_PATTERNS, '"', "^[^/]*$", "^\n$", "^a^b$", "$a"]),
        "format": st.sampled_from([*FORMATS, "regex", "json-pointer"]),
    }
    scalar = SCALARS | st.sampled_from([1e-7, 1e22, 10**22, -0.0, "\x7f", "éa", 1.0])
    return st.one_of(
        st.booleans(),
        st.fixed_dictionaries({"type": st.sampled_from(["integer", "number", ["number", "null"]])}, optional=number),
        st.fixed_dictionaries({"type": st.sampled_from(["string", ["string", "integer"]])}, optional=string),
        st.fixed_dictionaries({}, optional=number | string),
        st.lists(scalar, min_size=1, max_size=4).map(lambda values: {"enum": values}),
        scalar.map(lambda value: {"const": value}),
        st.sampled_from([{"$ref": "#/$defs/node"}, {"$ref": "#"}, {"$dynamicRef": "#/$defs/node"}]),
    )


def _wild_container(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    some, few = st.lists(inner, min_size=1, max_size=3), st.integers(0, 3)
    names = st.sampled_from(["a", "b", "ab"])
    return st.fixed_dictionaries(
        {},
        optional={
            **dict.fromkeys(("not", "if", "then", "else", "contains", "items", "propertyNames"), inner),
            **dict.fromkeys(("additionalProperties", "unevaluatedProperties", "unevaluatedItems"), inner),
            **dict.fromkeys(("anyOf", "oneOf", "allOf", "prefixItems"), some),
            **dict.fromkeys(("minItems", "maxItems", "minContains", "minProperties", "maxProperties"), few),
            "type": st.sampled_from(["object", "array", ["object", "null", "array"]]),
            "properties": st.dictionaries(names, inner, max_size=3),
            "required": st.lists(names, max_size=2, unique=True),
            "patternProperties": st.dictionaries(st.sampled_from(["^a", "b$"]), inner, max_size=2),
            "dependentRequired": st.just({"a": ["b"]}),
            "dependentSchemas": st.dictionaries(names, inner, max_size=1),
            "uniqueItems": st.booleans(),
            "$ref": st.just("#/$defs/node"),
        },
    )
