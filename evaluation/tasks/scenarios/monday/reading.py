"""Scenarios that end when the facts have been found."""

from __future__ import annotations

from evaluation.tasks.scenarios.drawing import Draft, Unfit, call
from evaluation.tasks.scenarios.monday.desk import CLIENTS, Desk, cards, counted, find, info, page, updates, where
from evaluation.tasks.task import Listed


def standing(desk: Desk) -> Draft:
    """A board's items of one status: who has them, and when they are due."""
    board, status = desk.pick(desk.projects), desk.pick(["Stuck", "Working on it", "Not started"])
    items = desk.some_of(board, 2, 6, status=status)
    return Draft(
        description=f"1. Find the board {board.name} with search. 2. Look up the labels of its Status column with "
        f"get_board_info. 3. Get the items whose status is '{status}' with get_board_items_page, columns included, and "
        "report owner and due date of each.",
        query=desk.worded(
            f"Which items on {board.name} are '{status}'? For each I need the owner and when it's due.",
            f"Before the meeting about {board.name}: what there has the status '{status}', who is on it, and what are "
            "the due dates?",
            f"List everything on our monday board {board.name} that stands at '{status}', with its owner and due date, "
            "if it has one.",
        ),
        plan=(find(board), info(board), page(board, where("status", [desk.label(board, "status", status)]))),
        requirements=tuple(r for item in items for r in (item.listed, *item.shows("person", "due_date"))),
    )


def most_effort(desk: Desk) -> Draft:
    """The item with the most estimated hours, and what people wrote about it."""
    board = desk.pick(desk.projects)
    items = counted([item for item in desk.some_of(board, 3, 99) if item.has("hours")], 3, 12)
    first, second, *_ = sorted(items, key=lambda item: -int(item.fields["hours"]))
    if first.fields["hours"] == second.fields["hours"] or not desk.talk(first):
        raise Unfit
    return Draft(
        description=f"1. Find the board {board.name} with search. 2. Get the items whose estimated hours are not empty "
        "with get_board_items_page, ordered by them, descending. 3. Read the updates of the first, with replies, with "
        "get_updates.",
        query=desk.worded(
            f"What's the biggest chunk of work on {board.name} by estimated hours? Show me the hours of all items that "
            "have an estimate, and what people have written under the biggest one, answers included.",
            f"Sort the items of {board.name} by estimated hours and give me the figures. Then read me the discussion "
            "below number 1, with all replies.",
            f"I'm looking for the item on {board.name} with the highest estimate. Compare all the estimates, and tell "
            "me everything that was posted and answered on that item.",
        ),
        plan=(
            find(board),
            page(board, where("hours", [], "is_not_empty"), order=[{"columnId": "hours", "direction": "desc"}]),
            updates(first),
        ),
        requirements=(*(r for item in items for r in item.shows("hours")), *desk.talk(first)),
    )


def layout(desk: Desk) -> Draft:
    """How a board is built, and what is in one of its groups."""
    board, group = desk.pick(desk.projects), desk.pick(["This week", "Next week", "Later"])
    items = desk.some_of(board, 1, 6, group=group)
    titles = [known["title"] for known in desk.state["boards"][board.id]["groups"]]
    return Draft(
        description=f"1. Find the board {board.name} with search. 2. Get its description, its groups and the labels of "
        "Status, Priority and Topics with get_board_info. 3. Get the items of the group "
        f"'{group}' with get_board_items_page.",
        query=desk.worded(
            f"Explain the board {board.name} to me: whom is it for, which groups does it have, what can status, "
            f"priority and topics be? And what's in '{group}'?",
            f"I've never worked with {board.name} on monday. Give me its description, all groups, the possible values "
            f"of status, priority and topics, and the items now in '{group}'.",
            f"How is {board.name} set up, groups and labels of status, priority and topics, and who is it for? Also "
            f"name the items under '{group}'.",
        ),
        plan=(find(board), info(board), page(board, where("group", [desk.group(board, group)]))),
        requirements=(
            *board.shows("description", "columns/status", "columns/priority", "columns/tags"),
            *(Listed(path=f"{board.path}/groups/{title}") for title in titles),
            *(item.listed for item in items),
        ),
    )


def client_card(desk: Desk) -> Draft:
    """All that is known about some clients."""
    board = desk.boards[CLIENTS]
    first, second = desk.some(desk.items(board), 2, 2)
    return Draft(
        description=f"1. Find the items {first.name} and {second.name} with search. 2. Get both from the board "
        f"{CLIENTS} with get_board_items_page, columns included. 3. Report contact, email, phone, stage and deal size.",
        query=desk.worded(
            f"Pull up what we know about the clients {first.name} and {second.name}: contact person, email, phone, "
            "stage, and how big the deal is.",
            f"I have calls with {first.name} and {second.name} today. Who's the contact at each, what are their mail "
            "addresses and phone numbers, at what stage are we, and what's the deal worth?",
            f"Compare two of our clients, {first.name} and {second.name}, by stage and deal size, and give me contact, "
            "email and phone of both.",
        ),
        plan=(desk.sought(first), desk.sought(second), cards(board, (first, second))),
        requirements=(
            *first.shows("contact", "email", "phone", "stage", "deal_size"),
            *second.shows("contact", "email", "phone", "stage", "deal_size"),
        ),
    )


def pipeline(desk: Desk) -> Draft:
    """Clients of one stage with what they are worth."""
    board, stage = desk.boards[CLIENTS], desk.worded("Negotiation", "Lead", "Won")
    items = desk.some_of(board, 2, 6, stage=stage)
    return Draft(
        description=f"1. Find the board {CLIENTS} with search. 2. Look up the labels of its Stage column with "
        f"get_board_info. 3. Get the items whose stage is '{stage}' with get_board_items_page, ordered by deal size, "
        "descending, and report deal size, contact and visit.",
        query=desk.worded(
            f"Which of our clients are at '{stage}', from the largest deal to the smallest? Contact and visit dates "
            "too, please, and what other stages there are.",
            f"Show me the '{stage}' part of the pipeline: clients, deal sizes, who the contact is, when the visit is. "
            "And name all stages a client can be at.",
            f"What stages do we know for clients, and who is at '{stage}'? Order by deal size and add contact and "
            "visit.",
        ),
        plan=(
            find(board),
            info(board),
            page(
                board,
                where("stage", [desk.label(board, "stage", stage)]),
                order=[{"columnId": "deal_size", "direction": "desc"}],
            ),
        ),
        requirements=(
            *board.shows("columns/stage"),
            *(r for item in items for r in item.shows("deal_size", "contact", "visit")),
        ),
    )


def discussion(desk: Desk) -> Draft:
    """What was said about an item, and how it stands."""
    board = desk.pick(desk.projects)
    item = desk.pick([item for item in desk.items(board) if len(desk.talk(item)) >= 2])
    return Draft(
        description=f"1. Find the item '{item.name}' with search. 2. Get its columns with get_board_items_page. 3. "
        "Read its updates with replies with get_updates, and report them with status, owner and priority.",
        query=desk.worded(
            f"What's the story with '{item.name}'? Read me every post on it with the answers, and tell me status, "
            "owner and priority.",
            f"Somebody asked about '{item.name}' on monday. How does it stand, whose is it, how urgent is it, and what "
            "has been written below it, replies included?",
            f"Catch me up on '{item.name}': the whole conversation, plus its status, priority and owner.",
        ),
        plan=(desk.sought(item), cards(board, (item,)), updates(item)),
        requirements=(*item.shows("status", "person", "priority"), *desk.talk(item)),
    )


def due_between(desk: Desk) -> Draft:
    """What is due in a stretch of time."""
    board = desk.pick(desk.projects)
    dated = sorted(
        (item for item in desk.some_of(board, 4, 99) if item.has("due_date")), key=lambda item: item.fields["due_date"]
    )
    if len(dated) < 5:
        raise Unfit
    start = desk.pick([0, 1])
    first, last = dated[start].fields["due_date"], dated[start + desk.pick([2, 3])].fields["due_date"]
    items = counted([item for item in dated if first <= item.fields["due_date"] <= last], 2, 6)
    return Draft(
        description=f"1. Find the board {board.name} with search. 2. Get the items whose due date is between {first} "
        f"and {last} with get_board_items_page, ordered by due date. 3. Report due date, owner and status of each.",
        query=desk.worded(
            f"What is due on {board.name} from {first} to {last}, both days included? In order of the date, with owner "
            "and status.",
            f"I'm away from {first} until {last}. Which items of {board.name} fall due in that time, on which days, "
            "who owns them and how do they stand?",
            f"Make me a calendar of {board.name} for {first} to {last}: item, day, owner, status.",
        ),
        plan=(
            find(board),
            page(
                board,
                where("due_date", [first, last], "between"),
                order=[{"columnId": "due_date", "direction": "asc"}],
            ),
        ),
        requirements=tuple(r for item in items for r in item.shows("due_date", "person", "status")),
    )


def about_topic(desk: Desk) -> Draft:
    """The items of one topic."""
    board = desk.pick(desk.projects)
    topic = desk.pick(board.fields["columns/tags"].removeprefix("Topics: ").split(", "))
    every = desk.some_of(board, 2, 99)
    items = counted([item for item in every if topic in item.fields.get("tags", "").split(", ")], 2, 6)
    return Draft(
        description=f"1. Find the board {board.name} with search. 2. Look up the label of the topic '{topic}' with "
        "get_board_info. 3. Get the items that have it with get_board_items_page, columns included, and report their "
        "groups and priorities.",
        query=desk.worded(
            f"Which items of {board.name} have to do with the topic '{topic}', in which group is each, and at what "
            "priority? And what other topics does the board know?",
            f"Collect all items tagged with the topic '{topic}' on {board.name}: name, group, priority. List the "
            "board's topics as well.",
            f"Show me every topic of {board.name}, and for '{topic}' the items with their priority and group.",
        ),
        plan=(find(board), info(board), page(board, where("tags", [desk.label(board, "tags", topic)]))),
        requirements=(
            *board.shows("columns/tags"),
            *(r for item in items for r in (item.listed, *item.shows("priority", "group"))),
        ),
    )


def latest_news(desk: Desk) -> Draft:
    """Everything that was written on a board."""
    board = desk.pick(desk.projects)
    talk = [content for item in desk.some_of(board, 3, 99) for content in desk.talk(item)]
    if not 3 <= len(talk) <= 14:
        raise Unfit
    return Draft(
        description=f"1. Find the board {board.name} with search. 2. Read the updates of all its items, with replies, "
        "with get_updates (objectType=Board, includeItemUpdates). 3. Get the items with get_board_items_page to say "
        "which of them each update is about.",
        query=desk.worded(
            f"What have people been writing on {board.name}? All posts on its items with the replies, and which item "
            "each belongs to; name the items that nobody wrote about too.",
            f"Give me the full news of the board {board.name}: every comment below any item, every answer to it, and "
            "the list of all items.",
            f"Read me everything that was said about the items of {board.name}, replies included, and list its items "
            "so that I see what's missing.",
        ),
        plan=(
            find(board),
            call("get_updates", objectId=board.id, objectType="Board", includeItemUpdates=True, includeReplies=True),
            call("get_board_items_page", boardId=int(board.id)),
        ),
        requirements=(*talk, *(item.listed for item in desk.items(board))),
    )


READING = (
    standing,
    most_effort,
    layout,
    client_card,
    pipeline,
    discussion,
    due_between,
    about_topic,
    latest_news,
)
