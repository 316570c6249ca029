"""Scenarios that change what entries of the Notion workspace hold, which is known to the letter."""

from __future__ import annotations

from datetime import date, timedelta

from evaluation.tasks.scenarios.drawing import Draft, Unfit, call
from evaluation.tasks.scenarios.notion.desk import (
    Desk,
    both,
    comment,
    counted,
    is_,
    patch,
)


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
