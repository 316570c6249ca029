"""Scenarios that end in a change to the Notion workspace, which is known to the letter."""

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


def finished(desk: Desk) -> Draft:
    """Tasks of one status get another."""
    project, old = desk.pick(desk.projects).name, desk.pick(["Waiting", "In progress"])
    rows = desk.rows("Tasks", 1, 3, Project=project, Status=old)
    return Draft(
        description=f"1. Find the data source Tasks with API-post-search. 2. Query it with API-query-data-source: "
        f"Project is {project} and Status is {old}. 3. Set the Status of each of them to Done with API-patch-page.",
        query=desk.worded(
            f"Everything that is '{old}' in {project} has been finished. Mark those tasks as done in Notion and tell "
            "me which they were.",
            f"{project}: whatever our task list has under '{old}' is Done now. Set it so, leave all the others alone.",
            f"Please move all tasks of {project} from '{old}' to 'Done' and list them for me.",
        ),
        plan=(
            desk.source("Tasks"),
            desk.query("Tasks", both(is_("Project", "select", project), is_("Status", "status", old))),
            *(patch(row, Status={"status": {"name": "Done"}}) for row in rows),
        ),
        requirements=(*(row.listed for row in rows), *(row.becomes("Status", "Done") for row in rows)),
    )


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


def called(desk: Desk) -> Draft:
    """A contact was spoken to: the day of it, and a comment."""
    contact = desk.pick(desk.entries("Contacts"))
    day = (date.fromisoformat(contact.fields["Last contact"]) + timedelta(days=desk.pick([9, 16, 30]))).isoformat()
    text = desk.worded("Called, wants an offer.", "Left a message on the machine.", "Will write to us next week.")
    return Draft(
        description=f"1. Find the contact {contact.name} with API-post-search. 2. Set Last contact to {day} with "
        f"API-patch-page. 3. Comment '{text}' on the page with API-create-a-comment.",
        query=desk.worded(
            f"I spoke to {contact.name} on {day}. Note that day as the last contact in Notion, tell me what stood "
            f"there before, and leave the comment '{text}'",
            f"{contact.name} again, this time on {day}: keep the date with the contact and add a comment '{text}' "
            "Which company was that person with, and when did we last speak before?",
            f"For our contact {contact.name}, the last contact was {day} now, and there should be a comment: '{text}' "
            "Read me the old date first.",
        ),
        plan=(
            desk.sought(contact),
            patch(contact, **{"Last contact": {"date": {"start": day}}}),
            comment(contact, text),
        ),
        requirements=(
            *contact.shows("Last contact", "Company"),
            contact.becomes("Last contact", day),
            contact.becomes("comments/1", text),
        ),
    )


def cleared(desk: Desk) -> Draft:
    """What is done goes to the trash."""
    project = desk.pick(desk.projects).name
    rows = desk.rows("Tasks", 1, 3, Project=project, Status="Done")
    return Draft(
        description=f"1. Find the data source Tasks with API-post-search. 2. Query it with API-query-data-source: "
        f"Project is {project} and Status is Done. 3. Put each of them into the trash with API-patch-page "
        "(in_trash=true).",
        query=desk.worded(
            f"Throw all tasks of {project} that are done into the trash, and tell me which those were.",
            f"Our list is too long. Whatever belongs to {project} and is 'Done' can go to the bin, nothing else.",
            f"Please get rid of the finished tasks of {project} in Notion; the trash is fine. List them first.",
        ),
        plan=(
            desk.source("Tasks"),
            desk.query("Tasks", both(is_("Project", "select", project), is_("Status", "status", "Done"))),
            *(call("API-patch-page", page_id=row.id, in_trash=True) for row in rows),
        ),
        requirements=(*(row.listed for row in rows), *(row.gone for row in rows)),
    )


def more_hours(desk: Desk) -> Draft:
    """A task takes longer than was planned, and is urgent now."""
    task = desk.pick([row for row in desk.entries("Tasks") if row.has("Hours") and row.fields["Priority"] != "High"])
    extra = desk.pick([4, 6, 10])
    hours = int(task.fields["Hours"]) + extra
    return Draft(
        description=f"1. Find the task '{task.name}' with API-post-search. 2. Get its page with API-retrieve-a-page. "
        f"3. Set its Hours to what they are plus {extra} and its Priority to High with API-patch-page.",
        query=desk.worded(
            f"The task '{task.name}' will take {extra} hours more than we thought, and it's high priority now. Update "
            "it, and tell me the hours from before.",
            f"Please add {extra} hours to whatever is planned for '{task.name}' in Notion, and make its priority High.",
            f"How many hours does '{task.name}' have? Raise that by {extra} and set the priority to High.",
        ),
        plan=(
            desk.sought(task),
            call("API-retrieve-a-page", page_id=task.id),
            patch(task, Hours={"number": hours}, Priority={"select": {"name": "High"}}),
        ),
        requirements=(*task.shows("Hours"), task.becomes("Hours", str(hours)), task.becomes("Priority", "High")),
    )


def minutes_sent(desk: Desk) -> Draft:
    """Minutes that were sent after all."""
    unsent = sorted(
        (row for row in desk.entries("Meetings") if not row.has("Minutes sent")), key=lambda row: row.fields["Date"]
    )
    if len(unsent) < 3:
        raise Unfit
    day = desk.pick(unsent[2:4]).fields["Date"]
    rows = counted([row for row in unsent if row.fields["Date"] < day], 2, 3)
    return Draft(
        description=f"1. Find the data source Meetings with API-post-search. 2. Query it with API-query-data-source: "
        f"Minutes sent is false and Date before {day}. 3. Tick Minutes sent on each of them with API-patch-page.",
        query=desk.worded(
            f"I have finally mailed the minutes of all meetings before {day}. Tick them off in Notion where they are "
            "still marked as unsent, and tell me which meetings and days those were.",
            f"Which meetings earlier than {day} still have no minutes sent? They have all gone out now, so check the "
            "box on each.",
            f"For every meeting before {day} whose minutes weren't sent yet: set 'Minutes sent', and give me titles "
            "and dates.",
        ),
        plan=(
            desk.source("Meetings"),
            desk.query("Meetings", both(is_("Minutes sent", "checkbox", False), is_("Date", "date", day, "before"))),
            *(patch(row, **{"Minutes sent": {"checkbox": True}}) for row in rows),
        ),
        requirements=(
            *(r for row in rows for r in (row.listed, *row.shows("Date"))),
            *(row.becomes("Minutes sent", "checked") for row in rows),
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


def put_off(desk: Desk) -> Draft:
    """Tasks that are due in a stretch of time are put off to one day."""
    project = desk.pick(desk.projects).name
    dated = sorted(
        (row for row in desk.entries("Tasks") if row.fields["Project"] == project and row.has("Due")),
        key=lambda row: row.fields["Due"],
    )
    if len(dated) < 3:
        raise Unfit
    first, last = dated[0].fields["Due"], dated[desk.pick([1, 2])].fields["Due"]
    rows = counted([row for row in dated if first <= row.fields["Due"] <= last], 2, 3)
    day = (date.fromisoformat(dated[-1].fields["Due"]) + timedelta(days=desk.pick([7, 14]))).isoformat()
    return Draft(
        description=f"1. Find the data source Tasks with API-post-search. 2. Query it with API-query-data-source: "
        f"Project is {project}, Due on or after {first} and on or before {last}. 3. Set the Due date of each to {day} "
        "with API-patch-page.",
        query=desk.worded(
            f"All tasks of {project} that are due from {first} to {last} are put off: they're due {day} now. Tell me "
            "which ones.",
            f"We can't keep the dates of {project}. Move whatever is due between {first} and {last}, both days "
            f"included, to {day}, and list those tasks for me.",
            f"Shift the due date of every {project} task that falls in {first} through {last} to {day}.",
        ),
        plan=(
            desk.source("Tasks"),
            desk.query(
                "Tasks",
                both(
                    is_("Project", "select", project),
                    is_("Due", "date", first, "on_or_after"),
                    is_("Due", "date", last, "on_or_before"),
                ),
            ),
            *(patch(row, Due={"date": {"start": day}}) for row in rows),
        ),
        requirements=(*(row.listed for row in rows), *(row.becomes("Due", day) for row in rows)),
    )


CHANGING = (
    finished,
    problems_counted,
    reminded,
    new_task,
    minutes_kept,
    called,
    cleared,
    more_hours,
    minutes_sent,
    renamed,
    put_off,
)
