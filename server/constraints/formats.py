"""The string formats that are checked: those that OpenAI's structured outputs know.

Every other format stays an annotation, as JSON Schema has it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Final

from jsonschema import FormatChecker


@dataclass(frozen=True, slots=True)
class StringFormat:
    """`example` passes `check`."""

    example: str
    check: Callable[[str], bool]


_DATE = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])")
_CLOCK = "T(?:[0-9]+H(?:[0-9]+M(?:[0-9]+S)?)?|[0-9]+M(?:[0-9]+S)?|[0-9]+S)"
_DAYS = "(?:[0-9]+Y(?:[0-9]+M(?:[0-9]+D)?)?|[0-9]+M(?:[0-9]+D)?|[0-9]+D)"
_DURATION = re.compile(f"P(?:[0-9]+W|{_DAYS}(?:{_CLOCK})?|{_CLOCK})")
_UUID = re.compile("[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}")
_LABEL = re.compile("[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")


def _matches(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda text: pattern.fullmatch(text) is not None


def _reads(reader: Callable[[str], object]) -> Callable[[str], bool]:
    def reads(text: str) -> bool:
        try:
            reader(text)
        except ValueError:
            return False
        return True

    return reads


def _date(text: str) -> bool:
    return _DATE.fullmatch(text) is not None and _reads(date.fromisoformat)(text)


def _date_time(text: str) -> bool:
    return text[10:11] == "T" and _date(text[:10]) and _TIME.fullmatch(text[11:]) is not None


def _hostname(text: str) -> bool:
    """RFC 1123, section 2.1."""
    return len(text) <= 253 and all(_LABEL.fullmatch(label) for label in text.split("."))


def _email(text: str) -> bool:
    """RFC 5321, section 4.1.2, without quoted local parts and address literals."""
    local, _, domain = text.rpartition("@")
    return len(local) <= 64 and _LOCAL_PART.fullmatch(local) is not None and _hostname(domain)


def _ipv6(text: str) -> bool:
    return "%" not in text and _reads(IPv6Address)(text)


FORMATS: Final = {
    # RFC 3339, section 5.6, without leap seconds, which few parsers read.
    "date-time": StringFormat("2000-01-01T00:00:00Z", _date_time),
    "date": StringFormat("2000-01-01", _date),
    "time": StringFormat("00:00:00Z", _matches(_TIME)),
    # RFC 3339, appendix A.
    "duration": StringFormat("PT0S", _matches(_DURATION)),
    "email": StringFormat("someone@example.com", _email),
    "hostname": StringFormat("example.com", _hostname),
    "ipv4": StringFormat("127.0.0.1", _reads(IPv4Address)),
    "ipv6": StringFormat("::1", _ipv6),
    "uuid": StringFormat("00000000-0000-0000-0000-000000000000", _matches(_UUID)),
}


def format_checker() -> FormatChecker:
    """A checker of exactly these formats."""
    checker = FormatChecker(formats=())
    for name, known in FORMATS.items():
        checker.checks(name)(_on_strings(known.check))
    return checker


def _on_strings(check: Callable[[str], bool]) -> Callable[[Any], bool]:
    return lambda value: not isinstance(value, str) or check(value)
