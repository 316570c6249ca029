"""Strings that are put together of what was said: paths, names and identifiers that a small model miscopies.

A copied string is parts with `/` between them, each of them `.`, `..`, or words of the conversation as they stand
there, from one line; at its ends without the punctuation of the sentence around them. Of a path the folders alone may
be taken, but not what comes after them. An extension may be added to the whole. After "take 'to do.md' from desk/old",
`desk/to do.md` and `desk/old/to do.md.bak` are copied; `desk/todo.md` and `old/to do.md` are not.

A model that leaves the folders of a path out may do so, where it is plain whose end it writes: `completion` puts them
back. Were it kept from that, it would go on with some other word that begins alike.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from server.constraints.jsontext import canonical
from server.constraints.literal import literal

_BREAK = re.compile(r'["“”„«»`\t\r\n]|  +')
"""No part goes beyond these."""
_OPENING = "'‘([{<*,;:="
_CLOSING = "'’)]}>*,;:.!?"
_POSSESSIVE = ("'s", "’s")
_CALL = re.compile(r"(?:[\w.-]*[=(]['‘]?)+")
"""What may stand before a word in code and commands: `path=`, `set(listdir(`, `edit('`."""
_HERE = (".", "..")
_EXTENSION = re.compile(r"\.[a-z0-9]{1,5}\Z")
_EXTENSION_RULE = 'copied_extension ::= "." [a-z0-9] [a-z0-9]? [a-z0-9]? [a-z0-9]? [a-z0-9]?'
_DEEPEST_END = 8
"""Parts: a path may have thousands, each with an end that is nearly as long as the whole."""
_LONGEST_GRAMMAR = 100_000
"""Characters: about 900 words, which take a quarter of a second to compile."""
_MARK = "~copied~string~"
"""Stands for a copied string in the schema that a grammar is made of."""


@dataclass(frozen=True)
class Word:
    """What stands between spaces, a path as a whole. `goes_on`: after a single space comes the next word."""

    text: str
    goes_on: bool

    @cached_property
    def heads(self) -> tuple[str, ...]:
        """How a part may begin with it and go on."""
        bare = self.text.lstrip(_OPENING)
        inner = bare[found.end() :] if (found := _CALL.match(bare)) else bare
        if ")" in inner.rstrip(_CLOSING):
            inner = bare  # A name with brackets in it, `diary(2).md`, is no call.
        return _distinct(self.text, bare, bare.removeprefix("./"), inner, inner.removeprefix("./"))


def words(said: str) -> list[Word]:
    """The words of a text, in their order, without those of nothing but `/`."""
    found = []
    for stretch in _BREAK.split(said):
        texts = stretch.split(" ")
        for text, following in zip(texts, [*texts[1:], ""], strict=True):
            if text.strip("/"):
                found.append(Word(text, bool(following.strip("/"))))
    return found


def _stops(head: str) -> tuple[str, ...]:
    """How a part may end with a word that is written as `head` in it: as a whole, or with one of its folders."""
    bare = head.rstrip(_CLOSING)
    wholes = (head, bare, *(bare.removesuffix(suffix) for suffix in _POSSESSIVE))
    folders = (head[: slash.start()] for slash in re.finditer("/", head))
    return _distinct(*(whole.rstrip("/") for whole in wholes), *folders)


def is_copied(value: str, known: Sequence[Word]) -> bool:
    """Whether `value` is put together of these words."""
    ends = {len(value)} | {found.start() for found in _EXTENSION.finditer(value)}
    begun, starts = {0}, [0]
    while starts:
        start = starts.pop()
        for end in _ends(value, start, known):
            if end in ends:
                return True
            if value[end] == "/" and end + 1 not in begun:
                begun.add(end + 1)
                starts.append(end + 1)
    return False


def endings(known: Iterable[Word]) -> dict[str, str]:
    """What may be written for a path of these words: its end, if it is that of no other path, by which is meant.

    More words may come after either.
    """
    paths: dict[str, set[str]] = defaultdict(set)
    for word in known:
        path = word.heads[-1].rstrip(_CLOSING).rstrip("/")
        parts = path.split("/")
        for depth in range(1, min(len(parts), _DEEPEST_END + 1)):
            paths["/".join(parts[-depth:])].add(path)
    shortest = {end: min(those, key=len) for end, those in paths.items()}
    # The same path may have been said with more of the folders above it.
    return {
        end: path
        for end, path in shortest.items()
        if all(other == path or other.endswith(f"/{path}") for other in paths[end])
    }


def completed(value: str, known: Sequence[Word], paths: Mapping[str, str]) -> str:
    """The path that `value` stands for as the end of it, of those that `endings` gave; else `value` itself."""
    end, space, more = value.partition(" ")
    if end not in paths or is_copied(value, known):
        return value
    whole = paths[end] + space + more
    return whole if len(whole) in _ends(whole, 0, known) else value


def _ends(value: str, start: int, known: Sequence[Word]) -> Iterator[int]:
    """Where a part that begins at `start` may end."""
    yield from (start + len(here) for here in _HERE if value.startswith(here, start))
    for place, word in enumerate(known):
        for head in word.heads:
            yield from _ends_with(head, place, value, start, known)


def _ends_with(head: str, place: int, value: str, start: int, known: Sequence[Word]) -> Iterator[int]:
    while True:
        yield from (start + len(stop) for stop in _stops(head) if value.startswith(stop, start))
        if not (known[place].goes_on and value.startswith(f"{head} ", start)):
            return
        start += len(head) + 1
        place += 1
        head = known[place].text


def plain(schema: Mapping[str, Any], members: Iterable[str]) -> list[str]:
    """Those members that are plain strings, or arrays of such; what a schema says more of is left to it."""
    properties = schema.get("properties", {})
    return [name for name in members if _is_plain(properties.get(name)) or _is_plain(_items(properties.get(name)))]


def marked(schema: Mapping[str, Any], members: Iterable[str]) -> Mapping[str, Any]:
    """`schema` with a mark in the place of the strings of those members that are plain."""
    properties = dict(schema.get("properties", {}))
    for name in plain(schema, members):
        part = properties[name]
        properties[name] = {"const": _MARK} if _is_plain(part) else {**part, "items": {"const": _MARK}}
    return {**schema, "properties": properties}


def _items(part: Any) -> Any:
    return part.get("items") if isinstance(part, Mapping) and part.get("type") == "array" else None


def _is_plain(part: Any) -> bool:
    return isinstance(part, Mapping) and part.get("type") == "string" and not part.keys() & _NARROWER


_NARROWER = frozenset(
    {"enum", "const", "pattern", "format", "minLength", "maxLength", "anyOf", "oneOf", "allOf", "$ref"}
)


def with_copies(grammar: str, known: Sequence[Word]) -> str | None:
    """The EBNF of a marked schema, with copied strings for the marks; None where there is too much to copy from."""
    mark = rf'"\"{_MARK}\""'
    if mark not in grammar:
        return grammar
    rules = [grammar.replace(mark, "copied")]
    length = 0
    for rule in _rules(known):
        rules.append(rule)
        length += len(rule)
        if length > _LONGEST_GRAMMAR:
            return None
    return "\n".join(rules)


def _rules(known: Sequence[Word]) -> Iterator[str]:
    yield r'copied ::= "\"" (copied_part ("/" copied_part)* copied_extension? | copied_end) "\""'
    yield "copied_end ::= " + (" | ".join(_ways_to_end(known)) or "copied_part")
    yield _EXTENSION_RULE
    yield "copied_part ::= " + " | ".join([*map(literal, _HERE), *(f"copied_from_{n}" for n in range(len(known)))])
    for number, word in enumerate(known):
        yield f"copied_from_{number} ::= " + " | ".join(_ways(number, word, word.heads))
        if number and known[number - 1].goes_on:
            yield f"copied_on_{number} ::= " + " | ".join(_ways(number, word, (word.text,)))


def _ways_to_end(known: Sequence[Word]) -> Iterator[str]:
    ends: dict[str, list[str]] = defaultdict(list)
    for end, path in endings(known).items():
        yield _inside(end)
        ends[path].append(end)
    for number, word in enumerate(known):
        if word.goes_on:
            yield from (f"{_inside(end + ' ')} copied_on_{number + 1}" for end in ends.get(word.heads[-1], ()))


def _ways(number: int, word: Word, heads: Iterable[str]) -> Iterator[str]:
    for head in heads:
        yield from (_inside(stop) for stop in _stops(head))
        if word.goes_on:
            yield f"{_inside(head + ' ')} copied_on_{number + 1}"


def _inside(text: str) -> str:
    """Text within a JSON string, as an EBNF string."""
    return literal(canonical(text)[1:-1])


def _distinct(*texts: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, texts)))
