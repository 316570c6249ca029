"""Scenarios that write something new into the Notion workspace, to the letter."""

from __future__ import annotations

from datetime import date, timedelta

from evaluation.tasks.scenarios.drawing import Draft, Unfit, call
from evaluation.tasks.scenarios.notion.desk import (
    Desk,
    append,
    blocks,
    both,
    by,
    comment,
    counted,
    is_,
    patch,
    read,
    words,
)
from evaluation.tasks.scenarios.things import made


def problems_counted(desk: Desk) -> Draft:
    """A line at the end of a project's page that says how many problems it names."""
    project = desk.pick(desk.projects)
    problems = [name for name in project.below("content") if project.fields[name].startswith("- ")]
    line = desk.worded("Open problems: {}", "Problems on this page: {}", "Problems counted: {}").format(len(problems))
    stem = line.rpartition(" ")[0]
    return Draft(
        description=f"1. Find the page {project.name} with API-post-search. 2. Read its blocks with "
        f"API-get-block-children and count the bullet points under Problems. 3. Append one paragraph to the page with "
        f"API-patch-block-children: '{stem} N', N being their number.",
        query=desk.worded(
            f"How many problems does the page of {project.name} list as bullet points? Put the number at the very end "
            f"of that page, as a plain paragraph that reads '{stem} N' with N filled in.",
            f"Count the bulleted problems on {project.name}'s page and leave a last paragraph there saying '{stem} N', "
            "where N is what you counted. Read the problems out to me too.",
            f"At the bottom of the Notion page {project.name} there should be a paragraph '{stem} N', N being how many "
            "bullet points stand under Problems. Add it, and change nothing else.",
        ),
        plan=(desk.sought(project), read(project), append(project.id, [line])),
        requirements=(*project.shows(*problems), project.becomes(project.next("content"), line)),
    )


def reminded(desk: Desk) -> Draft:
    """A comment on the task that should have been done first."""
    project = desk.pick(desk.projects).name
    open_ = [
        row for row in desk.entries("Tasks") if row.fields["Project"] == project and row.fields["Status"] != "Done"
    ]
    dated = sorted((row for row in open_ if row.has("Due")), key=lambda row: row.fields["Due"])
    if len(dated) < 3 or dated[0].fields["Due"] == dated[1].fields["Due"]:
        raise Unfit
    day = dated[2].fields["Due"]
    rows = counted([row for row in dated if row.fields["Due"] < day], 2, 4)
    text = desk.worded("Is this still on?", "Please give a new date.", "What is this waiting for?")
    return Draft(
        description=f"1. Find the data source Tasks with API-post-search. 2. Query it with API-query-data-source: "
        f"Project is {project}, Status is not Done, Due before {day}, sorted by Due, ascending. 3. Comment on the "
        f"first with API-create-a-comment: '{text}'.",
        query=desk.worded(
            f"Which tasks of {project} that aren't done were due before {day}? Leave the comment '{text}' on the one "
            "that was due first.",
            f"{project} is late. Show me its unfinished tasks with a due date before {day}, and under the earliest of "
            f"them write the comment '{text}'",
            f"Among the open tasks of {project} due earlier than {day}, find the one with the oldest date and comment "
            f"on it: '{text}' I'd like to see the due dates of all of them.",
        ),
        plan=(
            desk.source("Tasks"),
            desk.query(
                "Tasks",
                both(
                    is_("Project", "select", project),
                    is_("Status", "status", "Done", "does_not_equal"),
                    is_("Due", "date", day, "before"),
                ),
                by("Due", "ascending"),
            ),
            comment(rows[0], text),
        ),
        requirements=(*(r for row in rows for r in row.shows("Due")), rows[0].becomes("comments/1", text)),
    )


def new_task(desk: Desk) -> Draft:
    """A task with all that a task has."""
    project, priority = desk.pick(desk.projects).name, desk.pick(["High", "Medium", "Low"])
    hours, state = desk.pick([2, 3, 5, 8, 12]), desk.pick(["Not started", "In progress"])
    latest = max(row.fields["Due"] for row in desk.entries("Tasks") if row.has("Due"))
    due = (date.fromisoformat(latest) + timedelta(days=desk.pick([3, 7, 10]))).isoformat()
    title = desk.worded(f"Prepare the review of {project}", f"Close the books of {project}", f"Archive {project}")
    return Draft(
        description=f"1. Find the data source Tasks with API-post-search. 2. Get its properties and its database with "
        f"API-retrieve-a-data-source. 3. Create a page in that database with API-post-page: Task '{title}', Project "
        f"{project}, Status {state}, Priority {priority}, Hours {hours}, Due {due}.",
        query=desk.worded(
            f"Put a new task on our list: '{title}', for {project}, {priority} priority, {hours} hours, due {due}. "
            f"Its status is '{state}'. Check first how the list spells its fields.",
            f"Please add '{title}' to the tasks in Notion. It belongs to {project}, must be done by {due}, will take "
            f"{hours} hours, status '{state}', priority {priority}. Look up what fields there are before.",
            f"We need one more task: '{title}' ({project}). {hours} hours of work, due on {due}, priority {priority}, "
            f"'{state}'. Have a look at the fields of the list so that everything lands where it should.",
        ),
        plan=(
            desk.source("Tasks"),
            call("API-retrieve-a-data-source", data_source_id=desk.sources["Tasks"].id),
            call(
                "API-post-page",
                parent={"database_id": desk.databases["Tasks"]},
                properties={
                    "Task": {"title": words(title)},
                    "Project": {"select": {"name": project}},
                    "Status": {"status": {"name": state}},
                    "Priority": {"select": {"name": priority}},
                    "Hours": {"number": hours},
                    "Due": {"date": {"start": due}},
                },
            ),
        ),
        requirements=(
            *desk.sources["Tasks"].shows("columns/Status", "columns/Priority"),
            *made(f"Tasks/{title}", Project=project, Status=state, Priority=priority, Hours=str(hours), Due=due),
        ),
    )


def minutes_kept(desk: Desk) -> Draft:
    """The notes of a meeting, kept on a new page below the project's own."""
    meeting = desk.pick([row for row in desk.entries("Meetings") if 2 <= len(row.below("content")) <= 4])
    project = desk.pick([page for page in desk.projects if meeting.name.startswith(f"{page.name}: ")])
    lines = [meeting.fields[name] for name in meeting.below("content")]
    title = desk.worded("Decisions of the meeting", "What we decided", "From the meeting")
    return Draft(
        description=f"1. Find the meeting '{meeting.name}' with API-post-search. 2. Read its blocks with "
        f"API-get-block-children. 3. Find the page {project.name} with API-post-search. 4. Create the page '{title}' "
        f"below it with API-post-page, with the same {len(lines)} paragraphs.",
        query=desk.worded(
            f"Make a page '{title}' right below {project.name} in Notion, and copy the {len(lines)} paragraphs from "
            f"the meeting page '{meeting.name}' to it, word for word.",
            f"The {len(lines)} lines that were noted on '{meeting.name}' should also be on a page of their own, called "
            f"'{title}', underneath the project page {project.name}. Exactly as they are, one paragraph each.",
            f"Copy what the page of the meeting '{meeting.name}' says, {len(lines)} paragraphs, to a new page "
            f"'{title}' under {project.name}. Don't reword anything.",
        ),
        plan=(
            desk.sought(meeting),
            read(meeting),
            desk.sought(project),
            call(
                "API-post-page",
                parent={"page_id": project.id},
                properties={"title": words(title)},
                children=blocks(lines),
            ),
        ),
        requirements=(
            *meeting.shows(*meeting.below("content")),
            *made(f"{project.path}/{title}", **{f"content/{n}": line for n, line in enumerate(lines, 1)}),
        ),
    )


def renamed(desk: Desk) -> Draft:
    """A guide gets another name, and a last rule."""
    guide = desk.pick([page for page in desk.below("How we work") if page.name.startswith("How to ")])
    title = f"Guide: {guide.name.removeprefix('How to ')}"
    line = desk.worded("Ask if in doubt.", "Sign when you are done.", "Report problems at once.")
    return Draft(
        description=f"1. Find the page '{guide.name}' with API-post-search. 2. Read its blocks with "
        f"API-get-block-children. 3. Rename it to '{title}' with API-patch-page. 4. Append the bullet point '{line}' "
        "with API-patch-block-children.",
        query=desk.worded(
            f"'{guide.name}' should be called '{title}' from now on and get one more bullet point at the end: '{line}' "
            "Read me the steps that are there already.",
            f"What does the guide '{guide.name}' say? After that, rename it to '{title}' and add a bullet '{line}' at "
            "its end.",
            f"Please give the Notion page '{guide.name}' the new title '{title}', and finish it with the bullet point "
            f"'{line}' I'd like its present text as well.",
        ),
        plan=(
            desk.sought(guide),
            read(guide),
            patch(guide, title={"title": words(title)}),
            append(guide.id, [line], "bulleted_list_item"),
        ),
        requirements=(
            *guide.shows(*guide.below("content")),
            guide.becomes("title", title),
            guide.becomes(guide.next("content"), f"- {line}"),
        ),
    )
