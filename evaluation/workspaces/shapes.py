"""Where files lie: the folders of a home, an office, a code project, a server's logs, an album, a study.

A folder may hold {year}, {month}, {project}, {client}, {town} and {event}; each file fills them in from what it is
about, so that folders fill unevenly, as they do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from evaluation.workspaces import logs, media, prose, source, tables
from evaluation.workspaces.prose import Document
from evaluation.workspaces.writer import Writer

Shape = Literal["home", "office", "code", "logs", "album", "study"]
Maker = Callable[[Writer], Document]


@dataclass(frozen=True)
class Section:
    """A part of a workspace: one of `folders` is chosen for all its files, each file comes from one of `makers`."""

    share: int
    folders: tuple[str, ...]
    makers: tuple[Maker, ...]


SHAPES: Mapping[Shape, tuple[Section, ...]] = {
    "home": (
        Section(
            4, ("Documents/Money/{year}", "Papers/finance/{year}", "Finanzen {year}"), (tables.expenses, media.scan)
        ),
        Section(3, ("Documents/Letters", "Papers/letters/{client}", "Briefe & Post"), (prose.letter, prose.contract)),
        Section(3, ("Notes", "notes/{project}", "Notizen"), (prose.notes, prose.todo, prose.diary)),
        Section(2, ("Recipes", "Kitchen/recipes", "Küche/Rezepte"), (prose.recipe,)),
        Section(3, ("Pictures/{year}/{event}", "Photos {year}", "Bilder/{event}"), (media.photograph, media.captions)),
        Section(2, ("Downloads",), (media.scan, tables.records, tables.bookmarks, prose.email, tables.calendar)),
        Section(1, ("Music/{town}", "music"), (media.song,)),
        Section(1, ("Desktop", "."), (prose.todo, media.screenshot, prose.notes)),
    ),
    "office": (
        Section(
            4,
            ("Clients/{client}", "clients/{client}/{year}"),
            (prose.letter, prose.contract, tables.invoice, prose.email),
        ),
        Section(
            4, ("Projects/{project}", "projects/{project}/docs"), (prose.plan, prose.minutes, prose.notes, prose.report)
        ),
        Section(
            3, ("Meetings/{year}-{month}", "meetings/{project}"), (prose.minutes, tables.attendance, tables.calendar)
        ),
        Section(2, ("Reports/{year}", "reports"), (prose.report, tables.readings, media.scan)),
        Section(2, ("Accounts/{year}/{month}", "accounts"), (tables.expenses, tables.invoice)),
        Section(1, ("How we work", "handbook"), (prose.guide,)),
        Section(1, ("People", "hr"), (tables.contacts, tables.attendance)),
        Section(1, ("Archive/{year}", "_old"), (prose.report, prose.letter, tables.inventory)),
    ),
    "code": (
        Section(5, ("src/{project}", "{project}", "lib"), (source.module,)),
        Section(3, ("tests", "tests/unit"), (source.test_module,)),
        Section(2, ("docs", "docs/guides"), (prose.guide, prose.report, prose.notes)),
        Section(2, ("scripts", "tools"), (source.shell_script, source.module)),
        Section(2, ("config", "deploy/{town}"), (source.configuration, tables.settings)),
        Section(1, ("migrations", "db"), (source.sql,)),
        Section(2, ("web", "web/static"), (source.page, source.script)),
        Section(1, ("data", "fixtures"), (tables.readings, tables.records, tables.inventory)),
        Section(1, (".",), (source.changelog, prose.todo)),
    ),
    "logs": (
        Section(5, ("app/{year}-{month}", "application"), (logs.application_log,)),
        Section(3, ("web", "nginx/{year}"), (logs.access_log,)),
        Section(2, ("system", "hosts/{town}"), (logs.system_log,)),
        Section(2, ("jobs/{project}", "jobs"), (logs.job_log,)),
        Section(2, ("incidents", "incidents/{year}"), (logs.incident,)),
        Section(1, ("metrics",), (tables.readings,)),
        Section(1, ("config",), (source.configuration, tables.settings)),
    ),
    "album": (
        Section(6, ("{year}/{event}", "{year}-{month} {event}"), (media.photograph, media.photograph, media.video)),
        Section(2, ("Unsorted", "camera roll"), (media.photograph, media.screenshot, media.video)),
        Section(2, ("Music/{town}", "Sound"), (media.song,)),
        Section(1, ("Captions", "."), (media.captions, prose.diary)),
        Section(1, ("Lists",), (tables.inventory, tables.bookmarks, prose.todo)),
    ),
    "study": (
        Section(3, ("data/raw/{town}", "data/{year}"), (tables.readings, tables.records)),
        Section(2, ("analysis", "analysis/{project}"), (source.module, tables.readings)),
        Section(3, ("writing", "paper/sections"), (prose.report, prose.notes)),
        Section(2, ("interviews/{town}", "interviews"), (prose.minutes, prose.diary)),
        Section(2, ("literature", "reading/{year}"), (media.scan, prose.notes)),
        Section(1, ("admin",), (prose.letter, tables.expenses, prose.plan, prose.email)),
        Section(1, ("figures",), (media.screenshot,)),
    ),
}

# Files whose name and place are fixed, with the maker of their content.
FIXED: Mapping[Shape, tuple[tuple[str, Maker], ...]] = {
    "home": (
        (".config/reader/settings.json", tables.settings),
        (".todo", prose.todo),
        (".profile", source.shell_script),
    ),
    "office": (("README.txt", prose.notes), (".shared/contacts.csv", tables.contacts)),
    "code": (
        ("README.md", source.readme),
        (".gitignore", lambda w: Document((), "", "__pycache__/\n*.log\n.env\nbuild/\n")),
        (
            ".env.example",
            lambda w: Document((), "", f"TOWN={w.world.towns[0]}\nAPI_KEY=\nRETRIES={w.random.randint(1, 9)}\n"),
        ),
        (".ci/build.yaml", source.yaml),
    ),
    "logs": ((".retention", lambda w: Document((), "", f"days={w.random.randint(7, 90)}\n")),),
    "album": ((".nomedia", lambda w: Document((), "", "")), ("albums.json", tables.records)),
    "study": (("README.md", source.readme), ("ethics.txt", prose.contract), (".backup.ini", source.ini)),
}
