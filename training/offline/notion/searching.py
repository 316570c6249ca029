"""Plans for searches by title."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from training.offline.notion import answers
from training.offline.notion.said import ONLY_PAGES, ONLY_SOURCES
from training.offline.notion.values import values
from training.offline.notion.view import MOST, Json, View, length, title
from training.offline.scene import Scene, named, one_call
from training.offline.script import Call, Task, Unfit
from training.offline.words import telling_parts, telling_words


def _words(s: Scene[View], kind: str | None = None) -> str:
    """A title of something, or one or two words of it, which find no more than can be shown."""
    whole = title(s.pick([item for item in (*s.state.pages, *s.state.sources) if kind in (None, item["object"])]))
    said = s.pick([whole, *telling_parts(whole)])
    if length(s.state.hits(said, kind)) > MOST:
        raise Unfit("a search that finds too much")
    return said.lower() if s.random.random() < 0.25 else said


def _search(s: Scene[View], word: str, arguments: Json) -> Task:
    call = Call("API-post-search", {"query": word, **arguments})
    return one_call({"word": s.quoted(word)}, call, lambda text: answers.found(text, f"“{word}”"))


def search_title(s: Scene[View]) -> Task:
    return _search(s, _words(s), {})


def search_pages(s: Scene[View]) -> Task:
    return _search(s, _words(s, "page"), ONLY_PAGES)


def search_few(s: Scene[View]) -> Task:
    """Fewer than there are."""
    number = s.random.choice((2, 2, 3))
    known = sorted({word.lower() for page in s.state.pages for word in telling_words(title(page))})
    found = {word: s.state.hits(word) for word in known}
    word = s.pick([word for word in known if len(found[word]) > number and length(found[word][:number]) <= MOST])
    call = Call("API-post-search", {"query": word, "page_size": number})
    words = {"word": s.quoted(word), "n": s.number(number)}
    return one_call(words, call, lambda text: answers.found(text, f"“{word}”"))


def search_database(s: Scene[View]) -> Task:
    source = s.pick(s.state.sources)
    call = Call("API-post-search", {"query": title(source), **ONLY_SOURCES})

    def answer(text: str) -> str:
        found = answers.the_only(answers.results(text), title(source))
        return f"The data source {title(found)} has the ID {found['id']}."

    return one_call({"database": s.quoted(title(source))}, call, answer)


def search_recent(s: Scene[View]) -> Task:
    return _by_edit(s, sorted(s.state.pages, key=_edited, reverse=True), "descending")


def search_oldest(s: Scene[View]) -> Task:
    return _by_edit(s, sorted(s.state.pages, key=_edited), "ascending")


def _by_edit(s: Scene[View], pages: Sequence[Json], direction: str) -> Task:
    number = s.random.choice((2, 3, 4))
    if length(pages[:number]) > MOST:
        raise Unfit("results that are too long")
    order = {"direction": direction, "timestamp": "last_edited_time"}
    call = Call("API-post-search", {"sort": order, **ONLY_PAGES, "page_size": number})
    return one_call({"n": s.number(number)}, call, answers.latest)


def _edited(page: Json) -> Any:
    return page["last_edited_time"]


def search_has(s: Scene[View]) -> Task:
    """One time in three there is none."""
    wanted = title(s.pick(s.state.titled()))
    if s.random.random() < 0.33:
        wanted = s.pick([name for name in values().absent if not s.state.hits(name)])
    call = Call("API-post-search", {"query": wanted})

    def answer(text: str) -> str:
        there = wanted in [title(item) for item in answers.results(text)]
        return f"Yes, there is “{wanted}”." if there else f"No, there is nothing titled “{wanted}”."

    return one_call({"title": s.enclosed(wanted)}, call, answer)


PLANS = named(search_title, search_pages, search_few, search_database, search_recent, search_oldest, search_has)
