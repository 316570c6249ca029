"""Mend JSON that breaks rules which no grammar could enforce, and make the smallest value that a schema allows.

The checker names what is wrong and where; each keyword has its own small remedy, applied at that place. What comes out
has been checked against the whole schema.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

from jsonschema.exceptions import ValidationError

from server.constraints.check import checker
from server.constraints.guard import Unchecked
from server.constraints.jsontext import canonical, parse
from server.constraints.smallest import Smallest

_ROUNDS: Final = 16
_MOST_ADDED: Final = 100_000
"""Characters or elements that are added to meet a minimum: a schema may ask for billions."""


@dataclass(frozen=True, slots=True)
class _Fault:
    """A value that breaks one keyword of its rules: `wanted` is what the keyword says."""

    value: Any
    rules: Any
    wanted: Any
    smallest: Smallest


_Remedy = Callable[[_Fault], Any]
"""The value to put in the place of the faulty one."""


def repair(text: str, schema: Mapping[str, Any]) -> str | None:
    """A value near that of `text` which validates, in canonical form; None if none was found."""
    try:
        value, rules = parse(text), checker(schema)
        smallest = Smallest(rules, schema)
        for _ in range(_ROUNDS):
            errors = rules.errors(value)
            if not errors:
                return canonical(value)
            value = _mended(value, errors[0], smallest)
    except (Unchecked, ValueError, RecursionError):
        pass
    return None


def smallest(schema: Mapping[str, Any]) -> str | None:
    """A small value that validates, in canonical form; None if none was found."""
    try:
        rules = checker(schema)
        value = Smallest(rules, schema).value(schema)
        return canonical(value) if rules.accepts(value) else repair(canonical(value), schema)
    except (Unchecked, ValueError, RecursionError):
        return None


def _mended(value: Any, error: ValidationError, smallest: Smallest) -> Any:
    """`value` with the remedy for `error` applied at its place."""
    remedy = _REMEDIES.get(str(error.validator), _replaced)
    mended = remedy(_Fault(error.instance, error.schema, error.validator_value, smallest))
    path = list(error.absolute_path)
    if not path:
        return mended
    value = deepcopy(value)
    place = value
    for step in path[:-1]:
        place = place[step]
    if remedy is _replaced and isinstance(place, dict) and not smallest.fits(mended, error.schema):
        # No value was found; perhaps the property can be left out.
        del place[path[-1]]
    else:
        place[path[-1]] = mended
    return value


def _replaced(fault: _Fault) -> Any:
    return fault.smallest.value(fault.rules)


def _nearest_number(fault: _Fault) -> Any:
    """The nearest number within the bounds, and a multiple where that is asked for."""
    rules, value = fault.rules, fault.value
    step = rules.get("multipleOf") or (1 if rules.get("type") == "integer" else None)
    low = max(rules.get("minimum", -math.inf), _bound(rules, "exclusiveMinimum", -math.inf, step))
    high = min(rules.get("maximum", math.inf), _bound(rules, "exclusiveMaximum", math.inf, step))
    value = min(max(value, low), high)
    if step:
        whole = round(value / step)
        if whole * step < low:
            whole = math.ceil(low / step)
        elif whole * step > high:
            whole = math.floor(high / step)
        value = whole * step
    return int(value) if float(value).is_integer() else value


def _bound(rules: Mapping[str, Any], name: str, none: float, step: float | None) -> float:
    """An exclusive bound as an inclusive one, a step away."""
    bound = rules.get(name)
    if isinstance(bound, bool) or not isinstance(bound, int | float):
        return none
    distance = step or max(abs(bound), 1.0) * 1e-9
    return bound + distance if name == "exclusiveMinimum" else bound - distance


def _distinct(fault: _Fault) -> Any:
    seen: list[str] = []
    kept = []
    for item in fault.value:
        if (form := canonical(item)) not in seen:
            seen.append(form)
            kept.append(item)
    return kept


def _longer(fault: _Fault) -> Any:
    missing = fault.wanted - len(fault.value)
    if missing > _MOST_ADDED:
        raise Unchecked(f"the smallest valid value is more than {_MOST_ADDED} long")
    if isinstance(fault.value, str):
        return fault.value + "x" * missing
    return fault.value + [fault.smallest.value(fault.rules.get("items", True)) for _ in range(missing)]


def _shorter(fault: _Fault) -> Any:
    return fault.value[: fault.wanted]


def _completed(fault: _Fault) -> Any:
    parts = fault.rules.get("properties", {})
    missing = [name for name in fault.wanted if name not in fault.value]
    return fault.value | {name: fault.smallest.value(parts.get(name, True)) for name in missing}


def _dependents(fault: _Fault) -> Any:
    parts, value = fault.rules.get("properties", {}), dict(fault.value)
    for name, wanted in fault.wanted.items():
        for other in wanted if name in value else ():
            value.setdefault(other, fault.smallest.value(parts.get(other, True)))
    return value


def _only_declared(fault: _Fault) -> Any:
    declared = fault.rules.get("properties", {})
    return {name: part for name, part in fault.value.items() if name in declared}


def _fewer_members(fault: _Fault) -> Any:
    required = fault.rules.get("required", ())
    names = sorted(fault.value, key=lambda name: name not in required)[: fault.wanted]
    return {name: part for name, part in fault.value.items() if name in names}


_REMEDIES: Final[Mapping[str, _Remedy]] = {
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"), _nearest_number),
    **dict.fromkeys(("minLength", "minItems"), _longer),
    **dict.fromkeys(("maxLength", "maxItems"), _shorter),
    **dict.fromkeys(("additionalProperties", "unevaluatedProperties"), _only_declared),
    "uniqueItems": _distinct,
    "required": _completed,
    "dependentRequired": _dependents,
    "maxProperties": _fewer_members,
}
"""For every other keyword the value is replaced by the smallest one."""
