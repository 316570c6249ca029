"""Plans for requests that need no tool: talk, knowledge, sums, and what no tool can do.

What the assistant answers stands beside the phrasing in the bank, and shares its slots.
"""

from __future__ import annotations

from training.offline.filesystem.plan import named
from training.offline.filesystem.scene import Scene
from training.offline.filesystem.values import values
from training.offline.script import Script, Task


def _said(words: dict[str, str]) -> Task:
    def script() -> Script:
        yield from ()
        return ""

    return Task(words, script())


def chat(s: Scene) -> Task:
    return _said({})


def coding(s: Scene) -> Task:
    return _said({})


def abilities(s: Scene) -> Task:
    return _said({})


def knowledge(s: Scene) -> Task:
    known = values().knowledge
    country, capital = s.random.choice(list(known.capitals.items()))
    word, language, translation = s.random.choice(known.translations)
    element, symbol = s.random.choice(list(known.elements.items()))
    book, author = s.random.choice(list(known.books.items()))
    term, meaning = s.random.choice(list(known.terms.items()))
    return _said(
        {
            "country": country,
            "capital": capital,
            "word": word,
            "language": language,
            "translation": translation,
            "element": element,
            "symbol": symbol,
            "book": book,
            "author": author,
            "term": term,
            "meaning": meaning,
        }
    )


def creative(s: Scene) -> Task:
    known = values().knowledge
    return _said({"topic": s.random.choice(known.topics), "capital": s.random.choice(list(known.capitals.values()))})


def arithmetic(s: Scene) -> Task:
    a, b = s.random.randint(2, 90), s.random.randint(2, 40)
    percent, hundreds, decimal = s.random.choice((5, 10, 20, 25, 50)), s.random.randint(1, 9) * 100, a + 0.3
    numbers = {
        "a": a,
        "b": b,
        "sum": a + b,
        "difference": a - b,
        "product": a * b,
        "more": "Yes." if a > b else "No.",
        "larger": max(a, b),
        "smaller": min(a, b),
        "double": 2 * a,
        "percent": percent,
        "hundreds": hundreds,
        "share": percent * hundreds // 100,
        "minutes": 60 * a,
        "thousand": 1000 * a,
        "dozen": 12 * a,
        "square": a * a,
        "decimal": decimal,
        "rounded": round(decimal),
        "parity": "Odd." if a % 2 else "Even.",
    }
    return _said({name: str(value) for name, value in numbers.items()})


def impossible(s: Scene) -> Task:
    """About files and folders that are there, but nothing that a tool does."""
    file = s.said(s.pick(s.view.files).path, plainly=True).text if "file" in s.slots else ""
    folder = s.said_folder(s.pick(s.view.folders)).text if "dir" in s.slots else ""
    return _said({"file": file, "dir": folder, "person": s.person})


PLANS = named(chat, coding, abilities, knowledge, creative, arithmetic, impossible)
