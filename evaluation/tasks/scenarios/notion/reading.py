"""Scenarios that end when the facts have been found."""

from __future__ import annotations

from evaluation.tasks.scenarios.drawing import Draft, Unfit, call
from evaluation.tasks.scenarios.notion.desk import MOST_ROWS, Desk, both, by, counted, is_, read


def standing(desk: Desk) -> Draft:
    """A project's tasks of one status: who has them, and how urgent they are."""
    project, status = desk.pick(desk.projects).name, desk.pick(["In progress", "Waiting", "Not started"])
    rows = desk.rows("Tasks", 2, Project=project, Status=status)
    return Draft(
        description=f"1. Find the data source Tasks with API-post-search. 2. Query it with API-query-data-source: "
        f"Project is {project} and Status is {status}. 3. Report each task with its assignee and its priority.",
        query=desk.worded(
            f"I'm about to sit down with the {project} people. Which of its tasks in Notion are '{status}' right now, "
            "who has each of them, and what priority do they have?",
            f"Give me everything on our task list that belongs to {project} and stands at '{status}', with the person "
            "and the priority of each.",
            f"What in {project} is '{status}' according to our tasks in Notion? I need names of people and priorities.",
        ),
        plan=(
            desk.source("Tasks"),
            desk.query("Tasks", both(is_("Project", "select", project), is_("Status", "status", status))),
        ),
        requirements=tuple(r for row in rows for r in (row.listed, *row.shows("Assignee", "Priority"))),
    )


def most_hours(desk: Desk) -> Draft:
    """The task with the most hours, and what is written on its page."""
    project = desk.pick(desk.projects).name
    rows = counted([row for row in desk.rows("Tasks", 3, 99, Project=project) if row.has("Hours")], 3, MOST_ROWS)
    first, second, *_ = sorted(rows, key=lambda row: -int(row.fields["Hours"]))
    if first.fields["Hours"] == second.fields["Hours"] or not first.below("content"):
        raise Unfit
    return Draft(
        description=f"1. Find the data source Tasks with API-post-search. 2. Query it with API-query-data-source for "
        f"the tasks of the project {project} whose Hours are not empty, sorted by Hours, descending. 3. Read the "
        "blocks of the first with API-get-block-children.",
        query=desk.worded(
            f"Which task of {project} is planned with the most hours? Compare them all, those without hours aside, and "
            "tell me what the notes on that task's page say.",
            f"I have to cut the effort for {project}. Show me the hours of each of its tasks, as far as they have any, "
            "and then the whole text of the page of the biggest one.",
            f"Rank the tasks of {project} by their hours and read me the page of number 1.",
        ),
        plan=(
            desk.source("Tasks"),
            desk.query(
                "Tasks",
                both(is_("Project", "select", project), is_("Hours", "number", True, "is_not_empty")),
                by("Hours", "descending"),
            ),
            read(first),
        ),
        requirements=(*(r for row in rows for r in row.shows("Hours")), *first.shows(*first.below("content"))),
    )


def latest_meeting(desk: Desk) -> Draft:
    """The last meeting of a kind: its summary and its notes."""
    kind = desk.worded("Planning", "Client", "Weekly")
    rows = sorted(desk.rows("Meetings", 2, Type=kind), key=lambda row: row.fields["Date"], reverse=True)
    last = rows[0]
    if rows[1].fields["Date"] == last.fields["Date"] or not last.below("content"):
        raise Unfit
    return Draft(
        description=f"1. Find the data source Meetings with API-post-search. 2. Query it with API-query-data-source: "
        f"Type is {kind}, sorted by Date, descending. 3. Read the blocks of the first meeting with "
        "API-get-block-children, and report its summary, who was there, and the decisions on the page.",
        query=desk.worded(
            f"I missed the last meeting of the kind '{kind}'. When were the meetings of that kind, and for the most "
            "recent one: who was there, what is the summary, and what does its page say?",
            f"Look up our '{kind}' meetings in Notion. I want all their dates and, of the newest, the attendees, the "
            "summary and the notes word for word.",
            f"What came out of the latest '{kind}' meeting? Please also list the days of all meetings of this type and "
            "who attended the latest.",
        ),
        plan=(
            desk.source("Meetings"),
            desk.query("Meetings", is_("Type", "select", kind), by("Date", "descending")),
            read(last),
        ),
        requirements=(
            *(r for row in rows for r in row.shows("Date")),
            *last.shows("Attendees", "Summary", *last.below("content")),
        ),
    )


def how_to_reach(desk: Desk) -> Draft:
    """A client's contacts: how to reach them, and when somebody last did."""
    company = desk.pick([row.fields["Company"] for row in desk.entries("Contacts")])
    rows = desk.rows("Contacts", 1, 4, Company=company)
    return Draft(
        description=f"1. Find the data source Contacts with API-post-search. 2. Look at its properties with "
        f"API-retrieve-a-data-source. 3. Query it with API-query-data-source: Company is {company}. 4. Report name, "
        "email, phone, town and last contact.",
        query=desk.worded(
            f"How do I reach our people at {company}? Names, mail addresses, phone numbers, the town, and when we last "
            "spoke to them. I also want to know what else we keep about contacts.",
            f"Somebody from {company} should be among our contacts in Notion. Give me name, phone, email, town and the "
            "date of the last contact, and tell me which fields a contact has in general.",
            f"Everything we have to get in touch with {company}, please: who, where, mail, phone, last contact. And "
            "which columns does that list have?",
        ),
        plan=(
            desk.source("Contacts"),
            call("API-retrieve-a-data-source", data_source_id=desk.sources["Contacts"].id),
            desk.query("Contacts", is_("Company", "rich_text", company)),
        ),
        requirements=(
            *(r for row in rows for r in (row.listed, *row.shows("Email", "Phone", "Town", "Last contact"))),
            *desk.sources["Contacts"].shows("columns/Website", "columns/Last contact"),
        ),
    )


def project_in_full(desk: Desk) -> Draft:
    """A project's page, and the notes on the page below it."""
    project = desk.pick(desk.projects)
    notes = desk.pick(desk.below(project.name))
    return Draft(
        description=f"1. Find the page {project.name} with API-post-search. 2. Read its blocks with "
        f"API-get-block-children. 3. Read the blocks of the page below it, {notes.name}, in the same way. 4. Report "
        "problems, next steps and notes.",
        query=desk.worded(
            f"Sum up {project.name} for me from its page in Notion: where we are, all the problems, all the next "
            "steps, and what the notes on the page below it say.",
            f"I take over {project.name} tomorrow. Read me its page and the one below that, line by line.",
            f"What problems does {project.name} have, what comes next, and what is on the page beneath the project's "
            "own? It's all in Notion.",
        ),
        plan=(desk.sought(project), read(project), read(notes)),
        requirements=(
            *project.shows(*project.below("content")),
            notes.listed,
            *notes.shows(*notes.below("content")),
        ),
    )


def instructions(desk: Desk) -> Draft:
    """One of the guides below the general one."""
    home = desk.pick([page for page in desk.pages if page.name == "How we work"])
    guide = desk.pick(desk.below(home.name))
    return Draft(
        description=f"1. Find the page {home.name} with API-post-search. 2. Read its blocks with "
        f"API-get-block-children and report the rules. 3. Read the blocks of the page {guide.name}, which is below "
        "it, with API-get-block-children and list the steps.",
        query=desk.worded(
            f"I'm new here. What are the general rules on '{home.name}', and what exactly are the steps of "
            f"'{guide.name}', which should hang somewhere below it?",
            f"Please read me '{guide.name}' step by step. It's one of the guides under '{home.name}', whose own lines "
            "I want as well.",
            f"Get me the text of '{home.name}' in our Notion and then that of '{guide.name}' beneath it.",
        ),
        plan=(desk.sought(home), read(home), read(guide)),
        requirements=(
            *home.shows(*home.below("content")),
            *(page.listed for page in desk.below(home.name)),
            *guide.shows(*guide.below("content")),
        ),
    )


def choices(desk: Desk) -> Draft:
    """What a property may be, and which tasks are at one of its values."""
    status, priority = desk.pick(["In progress", "Waiting", "Not started", "Done"]), desk.pick(["High", "Low"])
    rows = desk.rows("Tasks", 1, 6, Status=status, Priority=priority)
    return Draft(
        description=f"1. Find the data source Tasks with API-post-search. 2. Get its properties with "
        f"API-retrieve-a-data-source and report what Status, Priority and Project may be. 3. Query it with "
        f"API-query-data-source: Status is {status} and Priority is {priority}; report the tasks with their projects.",
        query=desk.worded(
            f"Which values can status, priority and project of our Notion tasks have? And which tasks are of "
            f"{priority} priority and '{status}' today, in what projects?",
            f"I want to clean up how we label tasks: tell me all the options of status, priority and project, and show "
            f"me which tasks with priority {priority} are marked '{status}', with their project.",
            f"List the possible statuses, priorities and projects of a task, then the tasks that are '{status}' with "
            f"{priority} priority and which project each is for.",
        ),
        plan=(
            desk.source("Tasks"),
            call("API-retrieve-a-data-source", data_source_id=desk.sources["Tasks"].id),
            desk.query("Tasks", both(is_("Status", "status", status), is_("Priority", "select", priority))),
        ),
        requirements=(
            *desk.sources["Tasks"].shows("columns/Status", "columns/Priority", "columns/Project"),
            *(r for row in rows for r in (row.listed, *row.shows("Project"))),
        ),
    )


def long_silent(desk: Desk) -> Draft:
    """Contacts that nobody has spoken to since a day."""
    every = sorted(desk.entries("Contacts"), key=lambda row: row.fields["Last contact"])
    day = desk.pick(every[2:6]).fields["Last contact"]
    rows = counted([row for row in every if row.fields["Last contact"] < day], 2, 5)
    oldest = rows[0]
    return Draft(
        description=f"1. Find the data source Contacts with API-post-search. 2. Query it with API-query-data-source: "
        f"Last contact before {day}, sorted by Last contact, ascending. 3. Get the page of the first with "
        "API-retrieve-a-page and report how to reach that person.",
        query=desk.worded(
            f"Whom have we not talked to since before {day}? Name the companies and the dates, oldest first, and pull "
            "up the card of the one who has waited longest so that I can call or write.",
            f"Find the contacts whose last contact was earlier than {day}, with company and day. For the very oldest I "
            "need phone number and mail address.",
            f"With which contacts did nobody speak since earlier than {day}? Company and date of each, and the full "
            "details of the one who has waited longest.",
        ),
        plan=(
            desk.source("Contacts"),
            desk.query("Contacts", is_("Last contact", "date", day, "before"), by("Last contact", "ascending")),
            call("API-retrieve-a-page", page_id=oldest.id),
        ),
        requirements=(
            *(r for row in rows for r in (row.listed, *row.shows("Company", "Last contact"))),
            *oldest.shows("Phone", "Email"),
        ),
    )


def status_notes(desk: Desk) -> Draft:
    """What is written on the pages of the urgent tasks of a project."""
    project = desk.pick(desk.projects).name
    rows = desk.rows("Tasks", 2, 4, Project=project, Priority="High")
    if not all(row.below("content") for row in rows):
        raise Unfit
    lines = [line for row in rows for line in row.shows(*row.below("content"))]
    return Draft(
        description=f"1. Find the data source Tasks with API-post-search. 2. Query it with API-query-data-source: "
        f"Project is {project} and Priority is High. 3. Read the blocks of each of the {len(rows)} tasks with "
        "API-get-block-children and report them with the status.",
        query=desk.worded(
            f"For each high-priority task of {project}: what's its status, and what do the notes on its page say?",
            f"Collect the notes from the pages of all tasks of {project} that have high priority, and tell me at what "
            "status they are.",
            f"I need the full story of {project}'s top-priority tasks, there should be {len(rows)}: their status and "
            "every line on their pages.",
        ),
        plan=(
            desk.source("Tasks"),
            desk.query("Tasks", both(is_("Project", "select", project), is_("Priority", "select", "High"))),
            *(read(row) for row in rows),
        ),
        requirements=(*(r for row in rows for r in (row.listed, *row.shows("Status"))), *lines),
    )


READING = (
    standing,
    most_hours,
    latest_meeting,
    how_to_reach,
    project_in_full,
    instructions,
    choices,
    long_silent,
    status_notes,
)
