"""Mend JSON that breaks rules which no grammar could enforce, and make the smallest value that a schema allows.

The checker names what is wrong and where; each keyword has its own small remedy, applied at that place. What comes out
has been checked against the whole schema.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from jsonschema.exceptions import ValidationError, best_match

from server.constraints.check import Checker, checker
from server.constraints.guard import search
from server.constraints.jsontext import canonical, parse
from server.constraints.smallest import LONGEST, MOST, Smallest, nearest_numbers

_ROUNDS: Final = 16


def repair(text: str, schema: Mapping[str, Any]) -> str | None:
    """A value near that of `text` which validates, in canonical form; None if none was found."""
    try:
        rules = checker(schema)
        return _mended(parse(text), rules, Smallest(rules))
    except Exception:
        # What a reference leads to need not be a schema at all, so that anything may go wrong.
        return None


def smallest(schema: Mapping[str, Any]) -> str | None:
    """A small value that validates, in canonical form; None if none was found."""
    try:
        rules = checker(schema)
        maker = Smallest(rules)
        return _mended(maker.value(rules.schema), rules, maker)
    except Exception:  # as in `repair`
        return None


@dataclass(frozen=True, slots=True)
class _Fault:
    """A value that breaks one keyword of its rules: `wanted` is what the keyword says."""

    value: Any
    rules: Any
    wanted: Any
    smallest: Smallest


_Remedy = Callable[[_Fault], Any]
"""The value to put in the place of the faulty one."""

_Steps = tuple[str | int, ...]


def _mended(value: Any, rules: Checker, smallest: Smallest) -> str | None:
    for done in range(_ROUNDS):
        errors = rules.errors(value)
        if not errors:
            return canonical(value)
        if done < _ROUNDS // 2:
            # Inside a union, what is wrong with the branch that comes nearest.
            errors = [best_match([error]) or error for error in errors]
        root = {"": value}
        for steps, error in _by_place(errors):
            _mend(root, ("", *steps), error, smallest)
        value = root[""]
    return None


def _by_place(errors: list[ValidationError]) -> Iterator[tuple[_Steps, ValidationError]]:
    """One error for each place, the innermost first."""
    places: dict[_Steps, ValidationError] = {}
    for error in errors:
        places.setdefault(tuple(error.absolute_path), error)
    yield from sorted(places.items(), key=lambda item: -len(item[0]))


def _mend(root: Any, steps: _Steps, error: ValidationError, smallest: Smallest) -> None:
    place = root
    for step in steps[:-1]:
        place = place[step]
    value = place[steps[-1]]
    if isinstance(value, dict) and isinstance(error.instance, str):
        # What is wrong is a name; the place is that of the object which has it.
        value.pop(error.instance, None)
        return
    remedy = _REMEDIES.get(str(error.validator), _replaced)
    mended = remedy(_Fault(value, error.schema, error.validator_value, smallest))
    if (
        remedy is _replaced
        and isinstance(place, dict)
        and place is not root
        and not smallest.fits(mended, error.schema)
    ):
        # No value was found; perhaps the property can be left out.
        del place[steps[-1]]
    else:
        place[steps[-1]] = mended


def _replaced(fault: _Fault) -> Any:
    return fault.smallest.value(fault.rules)


def _nearest(fault: _Fault) -> Any:
    numbers = nearest_numbers(fault.value, fault.rules)
    return next((number for number in numbers if fault.smallest.fits(number, fault.rules)), fault.value)


def _distinct(fault: _Fault) -> Any:
    kept: list[Any] = []
    for item in fault.value:
        if item not in kept:
            kept.append(item)
    return kept


def _longer(fault: _Fault) -> Any:
    if isinstance(fault.value, str):
        return fault.value.ljust(min(fault.wanted, LONGEST), "x")
    return fault.smallest.extended(fault.value, fault.rules, fault.wanted)


def _shorter(fault: _Fault) -> Any:
    return fault.value[: fault.wanted]


def _containing(fault: _Fault) -> Any:
    wanted, least = fault.rules["contains"], fault.rules.get("minContains", 1)
    missing = least - sum(fault.smallest.fits(item, wanted) for item in fault.value)
    return fault.value + [fault.smallest.value(wanted)] * min(missing, MOST)


def _completed(fault: _Fault) -> Any:
    missing = [name for name in fault.wanted if name not in fault.value]
    return fault.value | {name: fault.smallest.member(name, fault.rules) for name in missing}


def _dependents(fault: _Fault) -> Any:
    wanted = [name for trigger, names in fault.wanted.items() if trigger in fault.value for name in names]
    return _completed(_Fault(fault.value, fault.rules, wanted, fault.smallest))


def _only_declared(fault: _Fault) -> Any:
    declared, patterns = fault.rules.get("properties", {}), fault.rules.get("patternProperties", {})
    return {
        name: part
        for name, part in fault.value.items()
        if name in declared or any(search(pattern, name) for pattern in patterns)
    }


def _more_members(fault: _Fault) -> Any:
    return fault.smallest.enlarged(fault.value, fault.rules, fault.wanted)


def _fewer_members(fault: _Fault) -> Any:
    required = fault.rules.get("required", ())
    names = sorted(fault.value, key=lambda name: name not in required)[: fault.wanted]
    return {name: part for name, part in fault.value.items() if name in names}


_REMEDIES: Final[Mapping[str, _Remedy]] = {
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"), _nearest),
    **dict.fromkeys(("minLength", "minItems"), _longer),
    **dict.fromkeys(("maxLength", "maxItems"), _shorter),
    **dict.fromkeys(("dependentRequired", "dependencies"), _dependents),
    **dict.fromkeys(("additionalProperties", "unevaluatedProperties"), _only_declared),
    "contains": _containing,
    "maxProperties": _fewer_members,
    "minProperties": _more_members,
    "required": _completed,
    "uniqueItems": _distinct,
}
"""For every other keyword the value is replaced by the smallest one."""
