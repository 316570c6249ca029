"""Requests by a cloud teacher: as many for each tool, none twice, and none paid for twice."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx

from tests.training.teacher import COMPLETIONS, PID, SAY, ScriptedTeacher, endpoint, notes, requests
from toolsets import Tool
from training.errors import Interrupted, TrainingError
from training.teacher.asking import Asking
from training.teacher.places import Subject
from training.teacher.queries import Batch, Harvest, query_journal, read_harvest
from training.teacher.usage import Usage

COUNT = 30


@pytest.fixture
def subject(tmp_path: Path) -> Subject:
    return notes(tmp_path, SAY, PID)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "queries.jsonl"


async def ask(
    subject: Subject, path: Path, teacher: Any, count: int = COUNT, at_once: int = 3, stop_after: int | None = None
) -> Asking:
    """Let the file grow; after so many answers, as if Ctrl-C had been pressed."""
    shown: list[int] = []
    with respx.mock:
        respx.post(COMPLETIONS).mock(side_effect=teacher)
        async with httpx.AsyncClient() as client:
            asking = Asking(subject, endpoint(client), path, count)
            await asking.run(
                at_once, lambda: shown.append(1), lambda: stop_after is not None and len(shown) >= stop_after
            )
    return asking


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines()


def leave_half_a_line(path: Path) -> None:
    """As if the process had been killed while it wrote."""
    path.write_text(path.read_text() + lines(path)[0][:100])


def batch(*texts: str, tools: dict[str, str] | None = None, **members: Any) -> Batch:
    tools = {SAY.name: SAY.digest} if tools is None else tools
    fixed = {"toolset": "notes", "workspace": "0/0", "model": "tutor", "asked": len(texts) or 1, "usage": Usage()}
    return Batch.model_validate({"tools": tools, "content": json.dumps({"requests": texts})} | fixed | members)


async def test_there_are_as_many_for_each_tool_for_several_and_for_none(subject: Subject, path: Path) -> None:
    teacher = ScriptedTeacher()
    asking = await ask(subject, path, teacher)
    assert asking.harvest.counts() == {"say": COUNT, "pid": COUNT, "several tools": COUNT, "no tool": COUNT}
    assert (asking.done, asking.wanted, asking.new_batches) == (4 * COUNT, 4 * COUNT, 8)
    assert asking.harvest.usage == Usage(input=8 * 1000, output=8 * 100)
    assert len({query.id for query in asking.harvest.queries}) == 4 * COUNT
    assert read_harvest(path, subject.toolset).queries == asking.harvest.queries


async def test_the_prompt_asks_for_json_and_shows_the_tools_and_what_there_is(subject: Subject, path: Path) -> None:
    teacher = ScriptedTeacher()
    await ask(subject, path, teacher, count=5, at_once=1)
    (say, *_) = teacher.bodies
    system, user = (message["content"] for message in say["messages"])
    assert say["response_format"]["json_schema"]["strict"] is True
    assert set(say) == {"model", "messages", "response_format"}
    for words in ("Write 5 requests", "- say: Say a text.", "- pid: Tell", '"required":["text"]'):
        assert words in user
    assert "names a tool" in system


async def test_going_on_asks_only_for_what_is_lacking(subject: Subject, path: Path) -> None:
    await ask(subject, path, ScriptedTeacher(), count=5)
    before = lines(path)
    again = ScriptedTeacher("again")
    assert (await ask(subject, path, again, count=5)).new_batches == 0
    assert (again.bodies, lines(path)) == ([], before)
    more = await ask(subject, path, again, count=7)
    assert len(again.bodies) == 4
    assert set(more.harvest.counts().values()) == {7}
    assert lines(path)[: len(before)] == before


async def test_what_was_paid_for_is_there_after_an_interruption(subject: Subject, path: Path) -> None:
    first, second = ScriptedTeacher(), ScriptedTeacher("again")
    with pytest.raises(Interrupted):
        await ask(subject, path, first, stop_after=2)
    assert len(lines(path)) == len(first.bodies) < 8
    leave_half_a_line(path)
    asking = await ask(subject, path, second)
    assert len(first.bodies) + len(second.bodies) == 8
    assert set(asking.harvest.counts().values()) == {COUNT}


async def test_what_was_paid_for_is_there_after_the_teacher_failed(subject: Subject, path: Path) -> None:
    failing = ScriptedTeacher(before=lambda number: httpx.Response(401) if number == 4 else None)
    with pytest.raises(TrainingError, match="401"):
        await ask(subject, path, failing)
    assert len(lines(path)) == len(failing.bodies) - 1
    rest = ScriptedTeacher("again")
    await ask(subject, path, rest)
    assert len(failing.bodies) - 1 + len(rest.bodies) == 8


async def test_answers_in_another_form_are_kept_and_asked_for_again(subject: Subject, path: Path) -> None:
    strange = []
    for content in ("Sure! Here you are:", '{"requests": "one"}', '{"queries": []}', None):
        answer = requests()
        answer["choices"][0]["message"]["content"] = content
        strange.append(httpx.Response(200, json=answer))
    teacher = ScriptedTeacher(before=lambda number: strange[number - 1] if number <= 4 else None)
    asking = await ask(subject, path, teacher, count=5)
    assert asking.harvest.discarded == {"an answer in another form than it was asked for": 4}
    assert (asking.new_batches, set(asking.harvest.counts().values())) == (8, {5})
    assert [line.content for line in query_journal(path).read()][:4] == [
        *("Sure! Here you are:", '{"requests": "one"}', '{"queries": []}', None)
    ]


async def test_a_teacher_that_repeats_itself_is_asked_a_few_times_and_then_no_more(
    subject: Subject, path: Path
) -> None:
    sent: list[int] = []

    def parrot(request: httpx.Request) -> httpx.Response:
        sent.append(1)
        return httpx.Response(200, json=requests("Utter my name", "utter my name!"))

    asking = await ask(subject, path, parrot, count=2)
    assert asking.given_up == {"say", "pid", "several tools", "no tool"}
    assert sum(asking.harvest.counts().values()) == 1
    assert set(asking.harvest.discarded) == {"a duplicate"}
    assert len(sent) == 4 * 3 + 1  # One of them had something new, so its category was asked once more.


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("Copy /etc/hosts to my notes", "a path from the root"),
        (r"Open C:\Users\me\a.txt", "a path from the root"),
        ("Open ~/a.txt", "a path from the root"),
        ("Open notes/2024/a.txt, and/or the one beside it", None),
        ("See https://example.org/a for how", None),
        ("Call Read_Text_File on a.txt", "names a tool"),
        ("Move what you find about bees", None),
        ("One thing\nAnother", "several lines"),
        ("  ", "empty"),
        ("a " * 301, "too long"),
    ],
)
def test_requests_that_no_user_would_write_are_left_out(subject: Subject, text: str, fault: str | None) -> None:
    tools = (Tool("read_text_file"), Tool("move"))
    harvest = Harvest(type(subject.toolset)("notes", "", tools))
    harvest.add(batch(text, tools={"move": tools[1].digest}))
    assert (len(harvest.queries), harvest.discarded) == ((1, {}) if fault is None else (0, {fault: 1}))


def test_no_more_are_taken_than_were_asked_for(subject: Subject) -> None:
    harvest = Harvest(subject.toolset)
    assert harvest.add(batch("utter one thing", "now a second matter", "thirdly the sea", asked=2)) == 2


def test_requests_for_a_tool_that_has_changed_are_asked_for_again_and_the_others_stay(
    subject: Subject, path: Path
) -> None:
    journal = query_journal(path)
    journal.append(batch("utter one thing"))
    journal.append(batch("which number is it", tools={"pid": "0" * 64}))
    journal.append(batch("hello you", tools={}))
    harvest = read_harvest(path, subject.toolset)
    assert harvest.counts() == {"say": 1, "pid": 0, "several tools": 0, "no tool": 1}
    assert harvest.discarded == Counter({"for a tool as it is no more": 1})


@pytest.mark.parametrize("content", ["my notes", "my notes\n", '{"format": 1}\n'])
def test_a_file_of_something_else_is_refused_and_left_as_it_is(subject: Subject, path: Path, content: str) -> None:
    path.write_text(content)
    with pytest.raises(TrainingError, match=r"queries\.jsonl:1: .*; name another file"):
        read_harvest(path, subject.toolset)
    assert path.read_text() == content


def test_the_queries_of_another_toolset_are_refused(subject: Subject, path: Path) -> None:
    query_journal(path).append(batch("utter one thing", toolset="files"))
    with pytest.raises(TrainingError, match=r"queries\.jsonl:1: the queries are for the toolset 'files', not 'notes'"):
        read_harvest(path, subject.toolset)
