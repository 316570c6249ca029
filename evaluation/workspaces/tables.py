"""Tables and records: what people export and keep lists in."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from evaluation.workspaces.prose import Document
from evaluation.workspaces.world import words
from evaluation.workspaces.writer import Writer


def expenses(w: Writer) -> Document:
    kinds = w.random.sample(words("words")["expenses"], 12)
    rows = []
    for _ in range(_length(w)):
        amount = f"{w.random.uniform(1.5, 380):.2f}"
        rows.append(
            (w.near(27, 0).isoformat(), w.random.choice(kinds), amount, w.random.choice(("card", "cash", "transfer")))
        )
    return Document(
        ("expenses", f"{w.day:%B}".lower()), ".csv", _csv(("date", "category", "amount", "paid_by"), sorted(rows))
    )


def inventory(w: Writer) -> Document:
    adjectives = words("words")["adjectives"]
    rows = []
    for number in range(_length(w)):
        name = f"{w.random.choice(adjectives)} {w.random.choice(w.project.domain.things)}"
        shelf = f"{w.random.choice('ABCDEF')}{w.random.randint(1, 24)}"
        rows.append(
            (f"{w.code()}-{number}", name, w.random.randint(0, 240), f"{w.random.uniform(0.4, 900):.2f}", shelf)
        )
    return Document(
        ("inventory", w.project.domain.name), ".csv", _csv(("sku", "name", "quantity", "unit_price", "shelf"), rows)
    )


def contacts(w: Writer) -> Document:
    rows = [
        (person.name, f"{person.handle}@{w.world.host}", _phone(w), w.random.choice(w.world.towns))
        for person in w.random.sample(w.world.people, w.random.randint(5, len(w.world.people)))
    ]
    return Document(("contacts",), ".csv", _csv(("name", "email", "phone", "town"), rows))


def readings(w: Writer) -> Document:
    what, unit, low, high = w.random.choice(w.project.domain.measures)
    start, value = w.near(40, 0), w.random.uniform(low, high)
    rows = []
    for step in range(_length(w, 3)):
        value = min(max(value + w.random.gauss(0, (high - low) / 14), low), high)
        rows.append(
            (
                (start + timedelta(days=step)).isoformat(),
                f"{value:.1f}",
                w.random.choice(("", "", "", "checked", "repeat")),
            )
        )
    return Document((*what.split(), "readings"), ".csv", _csv(("date", f"{what} ({unit})", "remark"), rows))


def attendance(w: Writer) -> Document:
    days = [(w.day - timedelta(days=7 * week)).isoformat() for week in range(6)]
    rows = [(person.name, *(w.random.choice(("yes", "yes", "no", "late")) for _ in days)) for person in w.world.people]
    return Document(("attendance", *w.project.name.split()), ".csv", _csv(("name", *days), rows))


def invoice(w: Writer) -> Document:
    number, total = w.code(), 0.0
    positions = []
    for task in w.lines("task", 2, 7):
        quantity, price = w.random.randint(1, 20), round(w.random.uniform(4, 900), 2)
        positions.append({"text": task, "quantity": quantity, "unit_price": price})
        total += quantity * price
    record = {
        "number": number,
        "client": w.random.choice(w.world.clients),
        "issued": w.day.isoformat(),
        "due": w.near(0, 45).isoformat(),
        "positions": positions,
        "total": round(total, 2),
        "paid": w.random.random() < 0.6,
    }
    return Document(("invoice", number), ".json", _json(record))


def records(w: Writer) -> Document:
    """A list of like objects, as an export gives it."""
    rows = [
        {
            "id": number,
            "title": w.title(),
            "owner": w.person().name,
            "created": w.near(90, 0).isoformat(),
            "tags": w.random.sample(w.project.domain.things, w.random.randint(0, 3)),
            "closed": w.random.random() < 0.5,
            "remark": w.sentence("problem") if w.random.random() < 0.4 else None,
        }
        for number in range(1, _length(w) + 1)
    ]
    return Document((w.project.domain.name, "export"), ".json", _json(rows))


def settings(w: Writer) -> Document:
    record = {
        "name": w.project.name,
        "region": w.random.choice(w.world.towns).lower(),
        "contact": f"{w.project.lead.handle}@{w.world.host}",
        "limits": {
            what.replace(" ", "_"): w.random.randint(low, high) for what, _, low, high in w.project.domain.measures
        },
        "notify": [person.handle for person in w.random.sample(w.world.people, 3)],
        "enabled": w.random.random() < 0.8,
        "retries": w.random.randint(0, 9),
    }
    return Document((*w.project.name.split(), "settings"), ".json", _json(record))


def bookmarks(w: Writer) -> Document:
    rows = [
        {
            "title": w.title(),
            "url": f"https://www.{town.lower()}.example/{w.random.randint(10, 9999)}",
            "added": w.near(200, 0).isoformat(),
        }
        for town in w.random.choices(w.world.towns, k=_length(w))
    ]
    return Document(("bookmarks",), ".json", _json(rows))


def calendar(w: Writer) -> Document:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:-//{w.world.organisation}//EN"]
    for _ in range(w.random.randint(2, 9)):
        day, hour = w.near(), w.random.randint(7, 19)
        lines += ["BEGIN:VEVENT", f"UID:{w.code().lower()}@{w.world.host}"]
        lines += [f"DTSTART:{day:%Y%m%d}T{hour:02}0000Z", f"DTEND:{day:%Y%m%d}T{hour + 1:02}0000Z"]
        lines += [f"SUMMARY:{w.title()}", f"LOCATION:{w.random.choice(w.world.towns)}", "END:VEVENT"]
    text = "".join(f"{line}\r\n" for line in (*lines, "END:VCALENDAR"))
    return Document(("calendar", *w.project.name.split()), ".ics", text)


def _length(w: Writer, factor: int = 1) -> int:
    """Mostly short, now and then long."""
    return factor * (4 + min(int(w.random.expovariate(1 / 16)), 160))


def _phone(w: Writer) -> str:
    return f"+{w.random.randint(30, 49)} {w.random.randint(100, 999)} {w.random.randint(100000, 999999)}"


def _csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue()


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
