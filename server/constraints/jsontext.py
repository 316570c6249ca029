"""JSON text: read strictly, and written in the one canonical form that the grammars accept."""

import json
import math
import re
from typing import Any, Final, NoReturn

_LONE_SURROGATES: Final = re.compile("[\ud800-\udfff]")
_EXACT: Final = 2**53
"""Up to here, a double holds every integer."""


def canonical(value: Any) -> str:
    """`value` as compact JSON with its characters unescaped: the form of every grammar's language.

    Lone surrogates, which no UTF-8 text can carry, become U+FFFD. Raises RecursionError for what is nested too deeply.
    """
    return _LONE_SURROGATES.sub("\ufffd", json.dumps(value, separators=(",", ":"), ensure_ascii=False))


def parse(text: str, *, finite: bool = True) -> Any:
    """The value of a JSON text. Raises ValueError for what Python reads beyond JSON, NaN and the infinities.

    With `finite`, also for numbers that a double cannot hold; and `1.0` is then read as the integer that it is in JSON.
    """
    try:
        return json.loads(text, parse_constant=_refuse, parse_float=_finite if finite else float)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"{digits[:40]} is beyond the numbers that a double can hold")
    return int(number) if number.is_integer() and abs(number) <= _EXACT else number
