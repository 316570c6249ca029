"""Strings that are put together of what was said: paths, names and identifiers that a small model miscopies.

A copied string is parts with `/` between them, each of them `.`, `..`, or words of the conversation as they stand
there, from one line; at its ends without the punctuation of the sentence around them. A `/` before the first part must
have been there before it. So `desk/to do.md` may be written after "take 'to do.md' from desk", and `desk/todo.md` not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from server.constraints.jsontext import canonical
from server.constraints.literal import literal

MOST_WORDS = 1_500
"""A conversation of more is not copied from under a grammar: one of 1,000 words compiles in about 0.15 s."""

_BREAK = re.compile(r'["“”„«»`\t\r\n]|  +')
"""No part goes beyond these."""
_OPENING = "'‘([{<*,;:="
_CLOSING = "'’)]}>*,;:.!?"
_HERE = (".", "..")
_POSSESSIVE = ("'s", "’s")
_MARK = "~copied~string~"
"""Stands for a copied string in the schema that a grammar is made of."""


@dataclass(frozen=True, slots=True)
class Word:
    """`goes_on`: the next word is behind a single space. `after_root`: it comes after a `/` before which is no word."""

    text: str
    goes_on: bool
    after_root: bool

    @property
    def heads(self) -> tuple[str, ...]:
        """How a part may begin with it and go on."""
        return _distinct(self.text, self.text.lstrip(_OPENING))

    @staticmethod
    def ends(head: str) -> tuple[str, ...]:
        """How a part may end with it, where it is written as `head` inside one."""
        bare = head.rstrip(_CLOSING)
        return _distinct(head, bare, *(bare.removesuffix(suffix) for suffix in _POSSESSIVE))


def words(said: str) -> list[Word]:
    """The words of a text, in their order."""
    return [word for stretch in _BREAK.split(said) for word in _words_of(stretch)]


def _words_of(stretch: str) -> Iterator[Word]:
    stretch = stretch.strip(" ")
    for path in re.finditer(r"[^ ]+", stretch):
        opened = len(path[0]) - len(path[0].lstrip(_OPENING))
        for part in re.finditer(r"[^/]+", path[0]):
            goes_on = part.end() == len(path[0]) and path.end() < len(stretch)
            after_root = part.start() == opened + 1 and path[0][opened] == "/"
            yield Word(part[0], goes_on, after_root)


def is_copied(value: str, known: list[Word]) -> bool:
    """Whether `value` is put together of these words."""
    anywhere = range(len(known))
    first, *rest = value.removeprefix("/").split("/")
    if value.startswith("/"):
        begins = _is_part(first, known, (place for place in anywhere if known[place].after_root))
    else:
        begins = first in _HERE or _is_part(first, known, anywhere)
    return begins and all(part in _HERE or _is_part(part, known, anywhere) for part in rest)


def _is_part(part: str, known: list[Word], starts: Iterable[int]) -> bool:
    return bool(part) and any(_goes(part, known, place, head) for place in starts for head in known[place].heads)


def _goes(rest: str, known: list[Word], place: int, head: str) -> bool:
    if rest in Word.ends(head):
        return True
    if not known[place].goes_on or not rest.startswith(f"{head} "):
        return False
    return _goes(rest[len(head) + 1 :], known, place + 1, known[place + 1].text)


def marked(schema: Mapping[str, Any], members: Iterable[str]) -> Mapping[str, Any]:
    """`schema` with a mark in the place of those members that are plain strings, or arrays of plain strings."""
    properties = dict(schema.get("properties", {}))
    for name in members:
        part = properties.get(name)
        if _is_plain(part):
            properties[name] = {"const": _MARK}
        elif isinstance(part, Mapping) and part.get("type") == "array" and _is_plain(part.get("items")):
            properties[name] = {**part, "items": {"const": _MARK}}
    return {**schema, "properties": properties}


def _is_plain(part: Any) -> bool:
    return isinstance(part, Mapping) and part.get("type") == "string" and not part.keys() & _NARROWER


_NARROWER = frozenset(
    {"enum", "const", "pattern", "format", "minLength", "maxLength", "anyOf", "oneOf", "allOf", "$ref"}
)


def with_copies(grammar: str, known: list[Word]) -> str:
    """The EBNF of a marked schema, with copied strings for the marks."""
    mark = rf'"\"{_MARK}\""'
    if mark not in grammar:
        return grammar
    return "\n".join([grammar.replace(mark, "copied"), *_rules(known)])


def _rules(known: list[Word]) -> Iterator[str]:
    anywhere = [f"copied_from_{number}" for number in range(len(known))]
    roots = [f"copied_from_{number}" for number, word in enumerate(known) if word.after_root]
    yield "copied_part ::= " + " | ".join([*map(literal, _HERE), *anywhere])
    yield "copied_first ::= copied_part" + (f' | "/" ({" | ".join(roots)})' if roots else "")
    yield r'copied ::= "\"" copied_first ("/" copied_part)* "\""'
    for number, word in enumerate(known):
        yield f"{anywhere[number]} ::= " + " | ".join(_ways(number, word, word.heads))
        if number and known[number - 1].goes_on:
            yield f"copied_on_{number} ::= " + " | ".join(_ways(number, word, (word.text,)))


def _ways(number: int, word: Word, heads: Iterable[str]) -> Iterator[str]:
    for head in heads:
        yield from (_inside(end) for end in Word.ends(head))
        if word.goes_on:
            yield f"{_inside(head + ' ')} copied_on_{number + 1}"


def _inside(text: str) -> str:
    """Text within a JSON string, as an EBNF string."""
    return literal(canonical(text)[1:-1])


def _distinct(*texts: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, texts)))
