"""JSON text: read strictly, and written in the one canonical form that the grammars accept."""

import json
import math
from typing import Any, NoReturn


def canonical(value: Any) -> str:
    """`value` as compact JSON with its characters unescaped: the form of every grammar's language.

    Lone surrogates, which no UTF-8 text can carry, become U+FFFD.
    """
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace") if _has_surrogate(text) else text


def parse(text: str, *, finite: bool = True) -> Any:
    """The value of a JSON text. Raises ValueError for what Python reads beyond JSON, NaN and the infinities, and with
    `finite` for numbers that a double cannot hold."""
    try:
        return json.loads(text, parse_constant=_refuse, parse_float=_finite if finite else float)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _has_surrogate(text: str) -> bool:
    return not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text)


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"{digits[:40]} is beyond the numbers that a double can hold")
    return number
