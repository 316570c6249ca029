"""Logs: one line an event, in the formats that servers and jobs write."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from evaluation.workspaces.prose import Document
from evaluation.workspaces.writer import Writer

_LEVELS = ("DEBUG", "INFO", "INFO", "INFO", "INFO", "WARNING", "ERROR")
_PATHS = (
    "/",
    "/login",
    "/search?q={word}",
    "/api/v1/{word}s",
    "/api/v1/{word}s/{number}",
    "/static/{word}.css",
    "/health",
)
_AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64)",
    "curl/8.5.0",
    "Mozilla/5.0 (Macintosh)",
    "health-check/1.2",
    "okhttp/4.12",
)


def application_log(w: Writer) -> Document:
    service = _word(w)
    lines = []
    for moment in _moments(w):
        level = w.random.choice(_LEVELS)
        text = {
            "DEBUG": f"queue length {w.random.randint(0, 40)}, {w.random.randint(1, 90)} ms since the last run",
            "INFO": f"{w.random.choice(w.project.domain.actions)}: done in {w.random.randint(2, 4000)} ms",
            "WARNING": f"slow answer from {w.random.choice(w.world.towns).lower()}: {w.random.randint(900, 9000)} ms",
            "ERROR": f"{w.random.choice(w.project.domain.problems)} (code {w.random.randint(10, 99)})",
        }[level]
        stamp, process = moment.isoformat(sep=" ", timespec="milliseconds"), w.random.randint(200, 9999)
        lines.append(f"{stamp} {level:<7} {service}[{process}] {text}")
    return _log(w, (service,), lines)


def access_log(w: Writer) -> Document:
    lines = []
    for moment in _moments(w):
        path = w.random.choice(_PATHS).format(word=_word(w), number=w.random.randint(1, 9000))
        status = w.random.choice((200, 200, 200, 200, 204, 301, 304, 404, 404, 429, 500))
        address = f"10.{w.random.randint(0, 40)}.{w.random.randint(0, 255)}.{w.random.randint(1, 254)}"
        verb = w.random.choice(("GET", "GET", "GET", "POST"))
        lines.append(
            f'{address} - - [{moment:%d/%b/%Y:%H:%M:%S} +0000] "{verb} {path} HTTP/1.1" '
            f'{status} {w.random.randint(40, 90000)} "-" "{w.random.choice(_AGENTS)}"'
        )
    return _log(w, ("access",), lines)


def system_log(w: Writer) -> Document:
    host = w.random.choice(w.world.towns).lower()
    programs = ("cron", "kernel", "sshd", "backup", "mailer", "ntpd")
    lines = []
    for moment in _moments(w):
        program, process = w.random.choice(programs), w.random.randint(80, 32000)
        lines.append(f"{moment:%b %d %H:%M:%S} {host} {program}[{process}]: {w.sentence('status')}")
    return _log(w, ("syslog", host), lines)


def job_log(w: Writer) -> Document:
    """A job with numbered steps, one of which may fail."""
    steps = w.lines("task", 4, 14)
    failing = w.random.randrange(len(steps)) if w.random.random() < 0.4 else None
    lines = [f"job {w.code()} started {w.day.isoformat()} by {w.person().handle}"]
    for number, step in enumerate(steps):
        result = "FAILED" if number == failing else "ok"
        lines.append(f"[{number + 1}/{len(steps)}] {step} ... {result} ({w.random.uniform(0.1, 90):.1f} s)")
        if number == failing:
            lines += [f"    {w.sentence('problem')}", "job stopped"]
            break
    else:
        lines.append(f"job finished, {w.random.randint(0, 5)} warnings")
    return _log(w, ("job", w.project.domain.name), lines)


def incident(w: Writer) -> Document:
    moments = _moments(w)[:8]
    rows = "\n".join(f"- {moment:%H:%M} {w.sentence(w.random.choice(('status', 'problem')))}" for moment in moments)
    text = (
        f"# Incident {w.code()}\n\nDay: {w.day.isoformat()}\n"
        f"On call: {w.person().name}\nSeverity: {w.random.randint(1, 4)}\n\n"
        f"## What happened\n\n{w.paragraph('problem', 2, 4)}\n\n## Course\n\n{rows}\n\n"
        f"## What we change\n\n{w.paragraph('decision', 1, 3)}\n"
    )
    return Document(("incident", w.project.domain.name), ".md", text)


def _log(w: Writer, name: tuple[str, ...], lines: list[str]) -> Document:
    return Document((*name, w.day.isoformat()), ".log", "\n".join(lines) + "\n")


def _moments(w: Writer) -> list[datetime]:
    """Moments of the writer's day in order, mostly a few dozen, now and then a thousand."""
    number = 12 + min(int(w.random.lognormvariate(3.2, 1.0)), 1200)
    midnight = datetime.combine(w.day, time())
    return sorted(midnight + timedelta(milliseconds=w.random.randrange(86_400_000)) for _ in range(number))


def _word(w: Writer) -> str:
    return w.random.choice(w.project.domain.things).split()[-1].replace("'", "")
