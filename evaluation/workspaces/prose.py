"""Texts that people write: minutes, letters, guides, diaries, plans."""

from __future__ import annotations

from dataclasses import dataclass

from evaluation.workspaces.world import words
from evaluation.workspaces.writer import Writer, capital, long_date


@dataclass(frozen=True)
class Document:
    """A file before it has a place: the words of its name, its extension with the dot, its content."""

    words: tuple[str, ...]
    extension: str
    content: str | bytes


def minutes(w: Writer) -> Document:
    present = w.random.sample(w.world.people, w.random.randint(3, 6))
    parts = [
        f"# Minutes: {w.project.name}",
        f"{long_date(w.day)}, {w.random.choice(w.world.towns)}",
        "Present: " + ", ".join(person.name for person in present),
    ]
    for number in range(1, w.random.randint(3, 7)):
        parts += [f"## {number}. {capital(w.title())}", w.paragraph("status"), w.paragraph("problem", 1, 3)]
        parts += [f"**Decided:** {w.sentence('decision')}"] if w.random.random() < 0.6 else []
    parts += ["## To do", "\n".join(f"- [{w.random.choice(' x')}] {task}" for task in w.lines("task", 2, 7))]
    parts.append(f"Next meeting: {long_date(w.near(0, 40))}")
    return Document(("minutes", *w.project.name.split()), ".md", _joined(parts))


def report(w: Writer) -> Document:
    title = w.title()
    parts = [f"# {capital(title)}", f"{w.person().name}, {long_date(w.day)}", w.paragraph("status", 3, 6)]
    for heading in w.random.sample(("Background", "What we did", "Findings", "Costs", "Risks", "Outlook"), 4):
        kinds = w.random.sample(("finding", "status", "problem", "decision"), 2)
        parts += [f"## {heading}", *(w.paragraph(kind, 2, 7) for kind in kinds)]
    rows = [w.measurement() for _ in range(w.random.randint(2, 6))]
    parts += ["| measure | value | unit |\n|---|---|---|\n" + "\n".join(f"| {a} | {b} | {c} |" for a, b, c in rows)]
    return Document(("report", *title.split()), ".md", _joined(parts))


def notes(w: Writer) -> Document:
    title = w.title()
    kinds = w.random.sample(("status", "problem", "question", "task", "decision"), 3)
    blocks = ["\n".join(f"- {line}" for line in w.lines(kind, 2, 6)) for kind in kinds]
    extension = w.random.choice((".txt", ".txt", ".md"))
    return Document((*title.split(), "notes"), extension, _joined([capital(title), *blocks]))


def letter(w: Writer) -> Document:
    sender, receiver = w.random.sample(w.world.people, 2)
    client = w.random.choice(w.world.clients)
    body = [w.paragraph("letter", 2, 4) for _ in range(w.random.randint(2, 4))]
    parts = [
        f"{client}\n{receiver.name}\n{w.random.choice(w.world.towns)}",
        f"{long_date(w.day)}\nReference: {w.code()}",
        f"Dear {receiver.first},",
        *body,
        f"With kind regards\n{sender.name}",
    ]
    return Document(("letter", *client.split()), ".txt", _joined(parts))


def email(w: Writer) -> Document:
    sender, receiver = w.random.sample(w.world.people, 2)
    subject = capital(w.title())
    head = (
        f"From: {sender.name} <{sender.handle}@{w.world.host}>\n"
        f"To: {receiver.name} <{receiver.handle}@{w.world.host}>\n"
        f"Date: {w.day:%a, %d %b %Y} {w.random.randint(7, 21):02}:{w.random.randint(0, 59):02}:00 +0000\n"
        f"Subject: {subject}\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8"
    )
    body = [f"Hello {receiver.first},", *(w.paragraph(kind, 1, 4) for kind in ("status", "problem", "question"))]
    return Document(tuple(subject.lower().split()), ".eml", _joined([head, *body, sender.first]))


def guide(w: Writer) -> Document:
    action = w.random.choice(w.project.domain.actions)
    steps = "\n".join(f"{number}. {line}" for number, line in enumerate(w.lines("guide", 4, 12), 1))
    parts = [f"# How to {action}", f"Last checked by {w.person().name} on {long_date(w.day)}.", steps]
    parts += ["## Good to know", w.paragraph("guide", 2, 4)]
    return Document(("how", "to", *action.split()), ".md", _joined(parts))


def diary(w: Writer) -> Document:
    entries = [f"{w.day:%A}, {long_date(w.day)}", *(w.paragraph("diary", 2, 5) for _ in range(w.random.randint(1, 4)))]
    return Document(("diary",), w.random.choice((".txt", ".md")), _joined(entries))


def todo(w: Writer) -> Document:
    lines = [f"[{w.random.choice('  x')}] {line}" for line in w.lines("task", 5, 16)]
    return Document(
        ("todo", *w.random.choice((("list",), ("week",), tuple(w.project.name.split())))),
        ".txt",
        "\n".join(lines) + "\n",
    )


def recipe(w: Writer) -> Document:
    dish: str = w.random.choice(words("words")["dishes"])
    items = w.random.sample(words("words")["ingredients"], w.random.randint(5, 10))
    amounts = [f"- {w.random.randint(1, 16) * 25} g {item}" for item in items]
    first, second, third, *rest = items
    steps = [
        f"Warm the {first} with the {second} for {w.random.randint(3, 15)} minutes.",
        f"Stir in the {third} and leave it to rest for {w.random.randint(10, 90)} minutes.",
        f"Add the {' and the '.join(rest[:2])}, then bake at {w.random.randint(32, 46) * 5} °C until it smells right.",
        f"Serves {w.random.randint(2, 8)}. {w.person().first} likes it better on the second day.",
    ]
    numbered = "\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1))
    return Document(tuple(dish.split()), ".md", _joined([f"# {capital(dish)}", "\n".join(amounts), numbered]))


def plan(w: Writer) -> Document:
    states = ("open", "doing", "done", "blocked")
    rows = "\n".join(
        f"| {task} | {w.person().first} | {w.near(5, 60).isoformat()} | {w.random.choice(states)} |"
        for task in w.lines("task", 4, 12)
    )
    parts = [
        f"# Plan: {w.project.name}",
        f"For {w.project.client}. Lead: {w.project.lead.name}. Budget: {w.project.budget:,} euros.",
        w.paragraph("decision", 2, 4),
        f"| task | who | due | state |\n|---|---|---|---|\n{rows}",
    ]
    return Document(("plan", *w.project.name.split()), ".md", _joined(parts))


def contract(w: Writer) -> Document:
    clauses = [f"{number}. {w.paragraph('letter', 1, 3)}" for number in range(1, w.random.randint(5, 10))]
    head = f"AGREEMENT {w.code()}\nbetween {w.world.organisation} and {w.random.choice(w.world.clients)}"
    parts = [head, f"about the {w.title()}, made on {long_date(w.day)}", *clauses, "Signed: ____________  ____________"]
    return Document(("agreement", *w.project.client.split()), ".txt", _joined(parts))


def _joined(parts: list[str]) -> str:
    return "\n\n".join(part for part in parts if part) + "\n"
