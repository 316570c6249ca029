"""The string formats that OpenAI's structured outputs know: how each is checked, and what a grammar allows of it.

Every other format stays an annotation, as JSON Schema has it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from jsonschema import FormatChecker


@dataclass(frozen=True)
class StringFormat:
    """`pattern` is for the grammar. Where it is `exact`, all that it matches passes `check`; else more strings do."""

    pattern: str
    exact: bool
    example: str
    check: Callable[[str], bool]


_LEAP_YEAR = "(?:[0-9][0-9](?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)"
_DATE = (
    "(?:[0-9]{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
    f"|{_LEAP_YEAR}-02-29)"
)
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
_NUMBER = "[0-9]{1,9}"
_CLOCK = f"T(?:{_NUMBER}H(?:{_NUMBER}M(?:{_NUMBER}S)?)?|{_NUMBER}M(?:{_NUMBER}S)?|{_NUMBER}S)"
_DAYS = f"(?:{_NUMBER}Y(?:{_NUMBER}M(?:{_NUMBER}D)?)?|{_NUMBER}M(?:{_NUMBER}D)?|{_NUMBER}D)"
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9][0-9]|[0-9])"
_UUID = "[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}"

# Any number of labels of any length: the limits of 63 and 253 characters are left to the check.
_LOOSE_HOSTNAME = r"[A-Za-z0-9]+(?:-+[A-Za-z0-9]+)*(?:\.[A-Za-z0-9]+(?:-+[A-Za-z0-9]+)*)*"
_LABEL = re.compile("[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL_PART = rf"{_ATOM}(?:\.{_ATOM})*"
_LOCAL = re.compile(_LOCAL_PART)


def _hostname(text: str) -> bool:
    """RFC 1123, section 2.1."""
    return len(text) <= 253 and all(_LABEL.fullmatch(label) for label in text.split("."))


def _email(text: str) -> bool:
    """RFC 5321, section 4.1.2, without quoted local parts and address literals."""
    local, _, domain = text.rpartition("@")
    return len(local) <= 64 and _LOCAL.fullmatch(local) is not None and _hostname(domain)


def _ipv6(text: str) -> bool:
    try:
        return ipaddress.IPv6Address(text).scope_id is None
    except ValueError:
        return False


def _exact(body: str, example: str) -> StringFormat:
    whole = re.compile(body)
    return StringFormat(f"^(?:{body})$", True, example, lambda text: whole.fullmatch(text) is not None)


FORMATS: Final = {
    # RFC 3339, section 5.6, without leap seconds, which few parsers read.
    "date-time": _exact(f"{_DATE}T{_TIME}", "2000-01-01T00:00:00Z"),
    "date": _exact(_DATE, "2000-01-01"),
    "time": _exact(_TIME, "00:00:00Z"),
    # RFC 3339, appendix A.
    "duration": _exact(f"P(?:{_NUMBER}W|{_DAYS}(?:{_CLOCK})?|{_CLOCK})", "PT0S"),
    "ipv4": _exact(rf"{_OCTET}(?:\.{_OCTET}){{3}}", "127.0.0.1"),
    "uuid": _exact(_UUID, "00000000-0000-0000-0000-000000000000"),
    "email": StringFormat(f"^{_LOCAL_PART}@{_LOOSE_HOSTNAME}$", False, "someone@example.com", _email),
    "hostname": StringFormat(f"^{_LOOSE_HOSTNAME}$", False, "example.com", _hostname),
    "ipv6": StringFormat(r"^[0-9A-Fa-f:.]{2,45}$", False, "::1", _ipv6),
}


def format_checker() -> FormatChecker:
    """A checker of exactly these formats."""
    checker = FormatChecker(formats=())
    for name, known in FORMATS.items():
        checker.checks(name)(_on_strings(known.check))
    return checker


def _on_strings(check: Callable[[str], bool]) -> Callable[[Any], bool]:
    return lambda value: not isinstance(value, str) or check(value)
