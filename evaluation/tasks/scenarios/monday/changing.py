"""Scenarios that change what items of the monday.com account hold, which is known to the letter."""

from __future__ import annotations

from datetime import date, timedelta

from evaluation.tasks.scenarios.drawing import Draft
from evaluation.tasks.scenarios.monday.desk import (
    CLIENTS,
    Desk,
    cards,
    change,
    counted,
    find,
    info,
    move,
    page,
    say,
    where,
)


def status_changed(desk: Desk) -> Draft:
    """Items of one status get another."""
    board = desk.pick(desk.projects)
    old, new = desk.pick([("Stuck", "Working on it"), ("Working on it", "Done"), ("Not started", "Working on it")])
    items = desk.some_of(board, 1, 2, status=old)
    return Draft(
        description=f"1. Find the board {board.name} with search. 2. Look up its Status labels with get_board_info. "
        f"3. Get the items whose status is '{old}' with get_board_items_page. 4. Set the status of each to '{new}' "
        "with change_item_column_values.",
        query=desk.worded(
            f"Whatever is '{old}' on {board.name} is '{new}' as of today. Change it on the board and tell me which "
            "items that was.",
            f"Please go through {board.name} and turn every '{old}' into '{new}'. The rest stays as it is.",
            f"All items of {board.name} with the status '{old}' should get '{new}' instead. Which ones are they?",
        ),
        plan=(
            find(board),
            info(board),
            page(board, where("status", [desk.label(board, "status", old)])),
            *(change(board, item, status={"label": new}) for item in items),
        ),
        requirements=(*(item.listed for item in items), *(item.becomes("status", new) for item in items)),
    )


def done_put_away(desk: Desk) -> Draft:
    """Items that are done go to the last group."""
    board = desk.pick(desk.projects)
    every = desk.some_of(board, 1, 99, status="Done")
    items = counted([item for item in every if item.fields["group"] != "Finished"], 1, 2)
    return Draft(
        description=f"1. Find the board {board.name} with search. 2. Get its groups and labels with get_board_info. "
        "3. Get the items whose status is 'Done' with get_board_items_page. 4. Move those that are in another group to "
        "'Finished' with move_item_to_group.",
        query=desk.worded(
            f"On {board.name}, everything that's done belongs in the group 'Finished'. Move what isn't there yet, and "
            "name all the items that are done.",
            f"Tidy up {board.name}: items with the status Done that are still in other groups go to 'Finished'.",
            f"Which items of {board.name} are done but not under 'Finished'? Put them there.",
        ),
        plan=(
            find(board),
            info(board),
            page(board, where("status", [desk.label(board, "status", "Done")])),
            *(move(item, desk.group(board, "Finished")) for item in items),
        ),
        requirements=(*(item.listed for item in every), *(item.becomes("group", "Finished") for item in items)),
    )


def rescheduled(desk: Desk) -> Draft:
    """An item is due later and takes longer."""
    board = desk.pick(desk.projects)
    item = desk.pick([item for item in desk.items(board) if item.has("due_date") and item.has("hours")])
    days, extra = desk.pick([7, 10, 14]), desk.pick([3, 5, 8])
    due = (date.fromisoformat(item.fields["due_date"]) + timedelta(days=days)).isoformat()
    hours = str(int(item.fields["hours"]) + extra)
    return Draft(
        description=f"1. Find the item '{item.name}' with search. 2. Get its columns with get_board_items_page. 3. Set "
        f"its due date {days} days later and its estimated hours {extra} higher with change_item_column_values.",
        query=desk.worded(
            f"'{item.name}' slips by {days} days and needs {extra} hours more. Adjust both on monday, and tell me what "
            "they were.",
            f"Please push the due date of '{item.name}' back by {days} days and raise its estimate by {extra} hours.",
            f"When is '{item.name}' due, and how many hours are estimated? Make it {days} days later and {extra} hours "
            "more.",
        ),
        plan=(desk.sought(item), cards(board, (item,)), change(board, item, due_date={"date": due}, hours=hours)),
        requirements=(
            *item.shows("due_date", "hours"),
            item.becomes("due_date", due),
            item.becomes("hours", hours),
        ),
    )


def deal_won(desk: Desk) -> Draft:
    """A client signs."""
    board = desk.boards[CLIENTS]
    client = desk.pick(
        [each for each in desk.items(board) if each.fields["stage"] != "Won" and each.fields["group"] == "Open"]
    )
    size = str(int(client.fields["deal_size"]) + 500)
    text = desk.worded("Signed today.", "They have signed!", "Contract is in.")
    return Draft(
        description=f"1. Find the client {client.name} with search. 2. Get its columns with get_board_items_page. 3. "
        f"Set its stage to Won and its deal size 500 higher with change_item_column_values. 4. Move it to the group "
        f"'Closed' with move_item_to_group. 5. Write the update '{text}' with create_update.",
        query=desk.worded(
            f"{client.name} has signed, for 500 euros more than planned! Note it with the clients: stage Won, the new "
            f"deal size, into 'Closed', and post '{text}' on it.",
            f"We won {client.name}. Their deal grows by 500 euros. Please update stage and size, move them to the "
            f"group 'Closed', leave a comment '{text}' and tell me the old size.",
            f"Close the deal with {client.name}: it's Won, 500 euros above the size that stands there, and belongs in "
            f"'Closed' now. Write '{text}' below it.",
        ),
        plan=(
            desk.sought(client),
            cards(board, (client,)),
            change(board, client, stage={"label": "Won"}, deal_size=size),
            move(client, desk.group(board, "Closed")),
            say(client.id, text),
        ),
        requirements=(
            *client.shows("deal_size"),
            client.becomes("stage", "Won"),
            client.becomes("deal_size", size),
            client.becomes("group", "Closed"),
            client.becomes("updates/1", text),
        ),
    )


def next_week(desk: Desk) -> Draft:
    """What was not done this week."""
    board = desk.pick(desk.projects)
    every = desk.some_of(board, 2, 8, group="This week")
    items = counted([item for item in every if item.fields["status"] != "Done"], 1, 2)
    return Draft(
        description=f"1. Find the board {board.name} with search. 2. Get the items of the group 'This week' with "
        "get_board_items_page, columns included (see get_board_info for the group). 3. Move those that are not Done to "
        "'Next week' with move_item_to_group.",
        query=desk.worded(
            f"The week is over: on {board.name}, move what is still undone in 'This week' to 'Next week', and tell me "
            "the status of everything that was in there.",
            f"Carry over {board.name}: items of 'This week' that aren't Done go to 'Next week'. How did each of them "
            "stand?",
            f"For {board.name}, show me 'This week' with statuses, then shift all of it that isn't Done to 'Next "
            "week'.",
        ),
        plan=(
            find(board),
            info(board),
            page(board, where("group", [desk.group(board, "This week")])),
            *(move(item, desk.group(board, "Next week")) for item in items),
        ),
        requirements=(
            *(r for item in every for r in item.shows("status")),
            *(item.becomes("group", "Next week") for item in items),
        ),
    )
