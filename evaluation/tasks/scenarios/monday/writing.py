"""Scenarios that write something new into the monday.com account, to the letter."""

from __future__ import annotations

import json
from datetime import date, timedelta

from evaluation.tasks.scenarios.drawing import Draft, Unfit, call
from evaluation.tasks.scenarios.monday.desk import (
    CLIENTS,
    Desk,
    change,
    counted,
    find,
    info,
    move,
    page,
    say,
    updates,
    where,
)
from evaluation.tasks.scenarios.things import made
from evaluation.tasks.task import Folder


def own_group(desk: Desk) -> Draft:
    """A new group for the items of one status."""
    board, status = desk.pick(desk.projects), desk.pick(["Stuck", "Not started"])
    title = desk.worded("Needs help", "To be discussed", "On hold")
    items = desk.some_of(board, 1, 2, status=status)
    return Draft(
        description=f"1. Find the board {board.name} with search. 2. Get its items with get_board_items_page, columns "
        f"included. 3. Create the group '{title}' with create_group. 4. Move the items whose status is '{status}' "
        "there with move_item_to_group.",
        query=desk.worded(
            f"Make a new group '{title}' on {board.name} and put all items that are '{status}' into it.",
            f"I want the '{status}' items of {board.name} in a place of their own: a group called '{title}', which "
            "doesn't exist yet. Tell me which items these are.",
            f"Everything on {board.name} with the status '{status}' should be gathered in a new group named '{title}'.",
        ),
        plan=(
            find(board),
            page(board),
            call("create_group", boardId=board.id, groupName=title),
            *(move(item, title.lower().replace(" ", "_")) for item in items),
        ),
        requirements=(
            *(item.listed for item in items),
            Folder(path=f"{board.path}/groups/{title}"),
            *(item.becomes("group", title) for item in items),
        ),
    )


def new_item(desk: Desk) -> Draft:
    """An item with all that was asked for."""
    board, group = desk.pick(desk.projects), desk.pick(["This week", "Next week", "Later"])
    priority, hours = desk.pick(["High", "Medium", "Low"]), desk.pick([2, 3, 6, 9])
    latest = max((item.fields["due_date"] for item in desk.items(board) if item.has("due_date")), default=None)
    if latest is None:
        raise Unfit
    due = (date.fromisoformat(latest) + timedelta(days=desk.pick([2, 6, 11]))).isoformat()
    name = desk.worded(f"Plan the end of {board.name}", f"Invite everyone to {board.name}", f"Review {board.name}")
    values = {
        "status": {"label": "Not started"},
        "priority": {"label": priority},
        "due_date": {"date": due},
        "hours": str(hours),
    }
    return Draft(
        description=f"1. Find the board {board.name} with search. 2. Get its columns and groups with get_board_info. "
        f"3. Create the item '{name}' in the group '{group}' with create_item: status 'Not started', priority "
        f"{priority}, due date {due}, estimated hours {hours}.",
        query=desk.worded(
            f"Add '{name}' to the board {board.name}, in the group '{group}': not started, {priority} priority, due "
            f"{due}, {hours} hours estimated.",
            f"We need another item on {board.name}: '{name}'. It goes under '{group}', is due on {due}, takes about "
            f"{hours} hours, has priority {priority} and the status 'Not started'.",
            f"Put '{name}' on {board.name}, under '{group}', with priority {priority}, an estimate of {hours} hours, "
            f"the due date {due} and 'Not started' as its status. Check what the columns are called first.",
        ),
        plan=(
            find(board),
            info(board),
            call(
                "create_item",
                boardId=int(board.id),
                name=name,
                groupId=desk.group(board, group),
                columnValues=json.dumps(values),
            ),
        ),
        requirements=(
            *made(
                f"{board.path}/{name}",
                group=group,
                status="Not started",
                priority=priority,
                due_date=due,
                hours=str(hours),
            ),
        ),
    )


def progress_told(desk: Desk) -> Draft:
    """A word on an item that people have talked about, and its new status."""
    board = desk.pick(desk.projects)
    item = desk.pick([item for item in desk.items(board) if desk.talk(item) and item.fields["status"] != "Done"])
    text = desk.worded("This is settled now.", "Done, please check.", "Finished; thanks to all.")
    return Draft(
        description=f"1. Find the item '{item.name}' with search. 2. Read its updates with replies with get_updates. "
        f"3. Set its status to Done with change_item_column_values. 4. Write the update '{text}' with create_update.",
        query=desk.worded(
            f"'{item.name}' is done. Set it so and post '{text}' on it; and read me what was written there before.",
            f"What have people said about '{item.name}', with all answers? Then close it: status Done, and a comment "
            f"'{text}'",
            f"Give me the discussion of '{item.name}', replies too. After that mark the item as Done and write "
            f"'{text}' below it.",
        ),
        plan=(desk.sought(item), updates(item), change(board, item, status={"label": "Done"}), say(item.id, text)),
        requirements=(
            *desk.talk(item),
            item.becomes("status", "Done"),
            item.becomes(item.next("updates"), text),
        ),
    )


def answered(desk: Desk) -> Draft:
    """A reply to the only update that nobody has replied to."""
    board = desk.pick(desk.projects)
    item = desk.pick([i for i in desk.items(board) if len(i.below("updates")) == 1 and len(desk.talk(i)) == 1])
    update = item.fields["updates/1"]
    text = desk.worded("I will look into it.", "Thanks, noted.", "Let us talk about it on Monday.")
    return Draft(
        description=f"1. Find the item '{item.name}' with search. 2. Read its updates with get_updates. 3. Reply to "
        f"the update '{update}' with create_update (parentId): '{text}'.",
        query=desk.worded(
            f"There's one post on '{item.name}' that has no answer. What does it say? Reply to it, as an answer and "
            f"not as a new post: '{text}'",
            f"Somebody wrote something on '{item.name}'. Read it to me, and answer right below it: '{text}'",
            f"Please answer the comment on '{item.name}' with '{text}' It must be a reply to that comment. I'd also "
            "like to know what it said.",
        ),
        plan=(
            desk.sought(item),
            updates(item),
            say(item.id, text, parentId=desk.identifier(f"{item.path}/updates/1")),
        ),
        requirements=(*desk.talk(item), item.becomes("updates/1/replies/1", text)),
    )


def new_client(desk: Desk) -> Draft:
    """A client who is new, with a first word about them."""
    board = desk.boards[CLIENTS]
    name = desk.worded("Hartwell Dairy", "Mosswood Press", "Tidewater Cycles")
    contact = desk.worded("June Hartwell", "Peter Moss", "Anneke Tide")
    email = f"{contact.lower().replace(' ', '.')}@{name.split()[0].lower()}.example"
    size = desk.pick([2500, 4000, 12500])
    text = desk.worded("Met them at the fair.", "They wrote to us.", "Friends of a client.")
    values = {
        "stage": {"label": "Lead"},
        "contact": contact,
        "email": {"email": email, "text": email},
        "deal_size": str(size),
    }
    return Draft(
        description=f"1. Find the board {CLIENTS} with search. 2. Get its columns with get_board_info. 3. Create the "
        f"item {name} in the group 'Open' with create_item: stage Lead, contact {contact}, email {email}, deal size "
        f"{size}. 4. Write the update '{text}' on it with create_update.",
        query=desk.worded(
            f"New client: {name}, contact {contact}, {email}, a lead worth {size} euros maybe. Put them on the clients "
            f"board under 'Open', with the comment '{text}'",
            f"Please enter {name} as a lead among our open clients; {contact} is the contact ({email}), the deal may "
            f"be {size} euros. And post '{text}' on the entry.",
            f"Add a client {name} in 'Open': stage Lead, deal size {size}, contact {contact} with the address {email}. "
            f"Then write below it: '{text}'",
        ),
        plan=(
            find(board),
            info(board),
            call(
                "create_item",
                boardId=int(board.id),
                name=name,
                groupId=desk.group(board, "Open"),
                columnValues=json.dumps(values),
            ),
            say(desk.next_number(), text),
        ),
        requirements=(
            *made(
                f"{board.path}/{name}",
                group="Open",
                stage="Lead",
                contact=contact,
                email=email,
                deal_size=str(size),
                **{"updates/1": text},
            ),
        ),
    )


def broken_down(desk: Desk) -> Draft:
    """A big item gets parts."""
    board = desk.pick(desk.projects)
    items = [item for item in desk.some_of(board, 3, 99) if item.has("hours")]
    first, second, *_ = sorted(counted(items, 2, 99), key=lambda item: -int(item.fields["hours"]))
    if first.fields["hours"] == second.fields["hours"]:
        raise Unfit
    parts = desk.worded("Prepare,Carry out", "First half,Second half", "Draft,Final version").split(",")
    return Draft(
        description=f"1. Find the board {board.name} with search. 2. Get its items ordered by estimated hours, "
        f"descending, with get_board_items_page. 3. Create the subitems '{parts[0]}' and '{parts[1]}' of the first "
        "with create_item (parentItemId).",
        query=desk.worded(
            f"The item with the most estimated hours on {board.name} is too big. Split it: two subitems, '{parts[0]}' "
            f"and '{parts[1]}'. What are the hours of the items, by the way?",
            f"Find the item of {board.name} that has the highest estimate and give it the subitems '{parts[0]}' and "
            f"'{parts[1]}'. Show me all estimates so that I can check.",
            f"On {board.name}, compare the estimated hours of all items; below the largest one put two subitems called "
            f"'{parts[0]}' and '{parts[1]}'.",
        ),
        plan=(
            find(board),
            page(board, where("hours", [], "is_not_empty"), order=[{"columnId": "hours", "direction": "desc"}]),
            *(
                call("create_item", boardId=int(board.id), name=part, parentItemId=int(first.id), columnValues="{}")
                for part in parts
            ),
        ),
        requirements=(
            *(r for item in items for r in item.shows("hours")),
            *(Folder(path=f"{first.path}/{part}") for part in parts),
        ),
    )
