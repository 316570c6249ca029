"""Files of a code project. The code is small but real: the Python modules compile and do what they say."""

from __future__ import annotations

import keyword
import re
from textwrap import dedent

from evaluation.workspaces.prose import Document
from evaluation.workspaces.world import ascii_only
from evaluation.workspaces.writer import Writer, capital

_FUNCTIONS = (
    '''
    def mean_{name}(values: list[float]) -> float:
        """The mean of the {words}, 0.0 when there are none."""
        return sum(values) / len(values) if values else 0.0
    ''',
    '''
    def {name}_over(values: list[float], limit: float = {number}.0) -> list[float]:
        """All {words} values above the limit, largest first."""
        return sorted((value for value in values if value > limit), reverse=True)
    ''',
    '''
    def group_{name}(rows: list[dict[str, str]], key: str = "{field}") -> dict[str, list[dict[str, str]]]:
        """Rows of the {words}, by the value of one field."""
        groups: dict[str, list[dict[str, str]]] = {{}}
        for row in rows:
            groups.setdefault(row.get(key, ""), []).append(row)
        return groups
    ''',
    '''
    def parse_{name}(line: str, separator: str = ";") -> tuple[str, int]:
        """Read one line of the {words} file: a name and a count."""
        name, _, count = line.partition(separator)
        if not count.strip().isdigit():
            raise ValueError(f"no count in {{line!r}}")
        return name.strip(), int(count)
    ''',
    '''
    def {name}_label(number: int, *, town: str = "{town}") -> str:
        """What is printed on the {words}."""
        return f"{{town[:3].upper()}}-{{number:0{digits}d}}"
    ''',
    '''
    class {cls}:
        """Keeps the {words} and counts how often it was used."""

        def __init__(self, limit: int = {number}) -> None:
            self.limit = limit
            self.used = 0

        def use(self, times: int = 1) -> bool:
            """Whether that much was left."""
            if self.used + times > self.limit:
                return False
            self.used += times
            return True
    ''',
)


def module(w: Writer) -> Document:
    name = identifier(w.random.choice(w.project.domain.things))
    functions = "\n\n".join(_function(w, template) for template in w.random.sample(_FUNCTIONS, w.random.randint(2, 5)))
    todo = f"# TODO({w.person().first.lower()}): {w.sentence('task')}\n\n\n" if w.random.random() < 0.6 else "\n"
    head = f'"""{w.sentence("status")}"""\n\nfrom __future__ import annotations\n\n'
    constant = f"LIMIT_{name.upper()} = {w.random.randint(2, 900)}\n"
    return Document((name,), ".py", f"{head}{constant}{todo}{functions}\n")


def test_module(w: Writer) -> Document:
    name = identifier(w.random.choice(w.project.domain.things))
    low = w.random.randint(1, 40)
    body = f"""
    def total(values: list[int]) -> int:
        return sum(value for value in values if value >= {low})


    def test_{name}_below_the_limit_does_not_count() -> None:
        assert total([{low - 1}, {low}]) == {low}


    def test_no_{name}_is_nothing() -> None:
        assert total([]) == 0
    """
    return Document(("test", name), ".py", dedent(body).lstrip())


def shell_script(w: Writer) -> Document:
    name = ascii_only(w.random.choice(w.world.towns)).lower()
    steps = "".join(f'\necho "{task}"' for task in w.lines("task", 2, 5)).replace("'", "")
    text = f'#!/bin/sh\n# {w.sentence("guide")}\nset -eu\n\ntarget=${{1:-{name}}}\n{steps}\necho "finished $target"\n'
    return Document((w.random.choice(("run", "deploy", "backup", "check", "sync")), name), ".sh", text)


def configuration(w: Writer) -> Document:
    """In one of three formats."""
    return w.random.choice((yaml, toml, ini))(w)


def yaml(w: Writer) -> Document:
    section, values = _settings(w)
    lines = [f"{section}:", *(f"  {name}: {value}" for name, value in values.items())]
    return Document((section,), ".yaml", _commented(w, lines))


def toml(w: Writer) -> Document:
    section, values = _settings(w)
    quoted = {name: f'"{value}"' if isinstance(value, str) else value for name, value in values.items()}
    return Document((section,), ".toml", _commented(w, [f"[{section}]", *(f"{a} = {b}" for a, b in quoted.items())]))


def ini(w: Writer) -> Document:
    section, values = _settings(w)
    return Document((section,), ".ini", _commented(w, [f"[{section}]", *(f"{a} = {b}" for a, b in values.items())]))


def _settings(w: Writer) -> tuple[str, dict[str, int | str]]:
    measured = {identifier(what): w.random.randint(low, high) for what, _, low, high in w.project.domain.measures}
    return identifier(w.random.choice(w.project.domain.things)), {**measured, "town": w.random.choice(w.world.towns)}


def _commented(w: Writer, lines: list[str]) -> str:
    return "\n".join([f"# {w.sentence('decision')}", *lines]) + "\n"


def sql(w: Writer) -> Document:
    table = identifier(w.random.choice(w.project.domain.things)) + "s"
    rows = ",\n".join(
        f"  ({number}, '{w.title().replace(chr(39), chr(39) * 2)}', {w.random.randint(0, 500)})"
        for number in range(1, w.random.randint(4, 20))
    )
    columns = "id INTEGER PRIMARY KEY, name TEXT NOT NULL, amount INTEGER"
    text = f"-- {w.sentence('decision')}\nCREATE TABLE {table} ({columns});\nINSERT INTO {table} VALUES\n{rows};\n"
    return Document((f"{w.random.randint(1, 40):03}", "add", table), ".sql", text)


def page(w: Writer) -> Document:
    items = "\n".join(f"      <li>{line}</li>" for line in w.lines("status", 2, 6))
    text = f"""<!doctype html>
<html lang="en">
  <head><meta charset="utf-8"><title>{capital(w.title())}</title></head>
  <body>
    <h1>{w.project.name}</h1>
    <p>{w.paragraph("finding", 1, 3)}</p>
    <ul>
{items}
    </ul>
  </body>
</html>
"""
    return Document((w.random.choice(("index", "about", "status", "team", "imprint")),), ".html", text)


def script(w: Writer) -> Document:
    name = identifier(w.random.choice(w.project.domain.things))
    camel = re.sub(r"_(\w)", lambda match: match[1].upper(), name)
    text = f"""// {w.sentence("guide")}
const limit = {w.random.randint(2, 400)};

export function {camel}Count(rows) {{
  return rows.filter((row) => row.amount > limit).length;
}}

export const {camel}Towns = [{", ".join(f'"{town}"' for town in w.random.sample(w.world.towns, 3))}];
"""
    return Document((name,), ".js", text)


def changelog(w: Writer) -> Document:
    parts = ["# Changelog"]
    for minor in range(w.random.randint(3, 9), 0, -1):
        changes = "\n".join(f"- {line}" for line in w.lines("status", 1, 4))
        parts.append(f"## 0.{minor}.{w.random.randint(0, 9)} ({w.near(300, 0).isoformat()})\n\n{changes}")
    return Document(("CHANGELOG",), ".md", "\n\n".join(parts) + "\n")


def readme(w: Writer) -> Document:
    problems = "\n".join(f"- {line}" for line in w.lines("problem", 1, 4))
    parts = (
        f"# {w.project.name}",
        w.paragraph("status", 2, 4),
        f"## Use\n\n```sh\npython -m {identifier(w.project.name)} --town {w.random.choice(w.world.towns)}\n```",
        f"## Known problems\n\n{problems}",
        f"Maintained by {w.project.lead.name}.",
    )
    return Document(("README",), ".md", "\n\n".join(parts) + "\n")


def identifier(text: str) -> str:
    """A Python name from words."""
    name = re.sub(r"[^a-z0-9]+", "_", ascii_only(text).lower()).strip("_")
    return f"{name}_" if keyword.iskeyword(name) else name


def _function(w: Writer, template: str) -> str:
    thing = w.random.choice(w.project.domain.things)
    name = identifier(thing)
    return (
        dedent(template)
        .strip()
        .format(
            name=name,
            cls="".join(part.capitalize() for part in name.split("_")),
            words=thing,
            number=w.random.randint(2, 900),
            digits=w.random.randint(3, 6),
            field=w.random.choice(("town", "owner", "state", "kind", "shelf")),
            town=ascii_only(w.random.choice(w.world.towns)),
        )
        + "\n"
    )
