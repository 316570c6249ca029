"""Plans for searches, and for what a board is like."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from training.offline.answers import counted
from training.offline.monday import answers
from training.offline.monday.said import board_said
from training.offline.monday.values import values
from training.offline.monday.view import Json, View, is_hit, labels
from training.offline.scene import Scene, named, one_call
from training.offline.script import Call, Task
from training.offline.words import telling_parts, telling_words

# Searches


def search(words: str, kind: str, **scope: Any) -> Call:
    return Call("search", {"searchTerm": words, "searchType": kind, **scope})


def _part(s: Scene[View], names: Sequence[str]) -> str:
    """A whole name, or one or two words of it."""
    whole = s.pick(names)
    part = s.pick([whole, *telling_parts(whole)])
    return part.lower() if s.random.random() < 0.25 else part


def _search(s: Scene[View], words: str, kind: str, slots: dict[str, str] | None = None, **scope: Any) -> Task:
    call = search(words, kind, **scope)
    return one_call({"word": s.quoted(words), **(slots or {})}, call, lambda text: answers.found(text, words))


def search_items(s: Scene[View]) -> Task:
    names = [item["name"] for item in s.state.items]
    words = _part(s, names)
    return _search(s, words if len(s.state.hits(words)) <= 8 else s.pick(names), "ITEMS")


def search_boards(s: Scene[View]) -> Task:
    return _search(s, _part(s, [board["name"] for board in s.state.boards]), "BOARD")


def search_updates(s: Scene[View]) -> Task:
    bodies = [update["text_body"] for update in s.state.updates]
    fitting = sorted(
        {word for body in bodies for word in telling_words(body) if sum(is_hit(word, text) for text in bodies) <= 6}
    )
    return _search(s, s.pick(fitting), "UPDATES")


def search_workspaces(s: Scene[View]) -> Task:
    return _search(s, _part(s, s.state.named("workspaces")), "WORKSPACES")


def search_folders(s: Scene[View]) -> Task:
    return _search(s, _part(s, s.state.named("folders")), "FOLDERS")


def search_documents(s: Scene[View]) -> Task:
    """There are none, which only the search can tell."""
    return _search(s, s.pick(s.pick(s.world.projects).domain.things), "DOCUMENTS")


def search_in(s: Scene[View]) -> Task:
    board = s.pick(s.state.boards)
    said = board_said(s, board)
    words = _part(s, [item["name"] for item in s.state.items_of(board)])
    return _search(s, words, "ITEMS", {"board": said.text}, boardIds=[said.value])


def search_few(s: Scene[View]) -> Task:
    """Fewer than there are."""
    number = s.random.choice((2, 3, 3, 5))
    known = sorted({word.lower() for item in s.state.items for word in telling_words(item["name"])})
    words = s.pick([word for word in known if len(s.state.hits(word)) > number])
    return _search(s, words, "ITEMS", {"n": s.number(number)}, limit=number)


def search_has(s: Scene[View]) -> Task:
    """One time in three there is none."""
    wanted = s.pick(s.state.findable())["name"] if s.random.random() < 0.67 else s.pick(values().absent)

    def answer(text: str) -> str:
        there = wanted in [each["title"] for each in answers.hits(text)]
        return f"Yes, there is an item “{wanted}”." if there else f"No, there is no item “{wanted}”."

    return one_call({"title": s.enclosed(wanted)}, search(wanted, "ITEMS"), answer)


# A board


def info(board: int) -> Call:
    return Call("get_board_info", {"boardId": board})


def _board(s: Scene[View], answer: Callable[[Json], str]) -> Task:
    said = board_said(s, s.pick(s.state.boards))
    words = {"board": said.text, "id": str(said.value)}
    return one_call(words, info(said.value), lambda text: answer(answers.board(text)))


def board_info(s: Scene[View]) -> Task:
    said = board_said(s, s.pick(s.state.boards))
    return one_call({"board": said.text, "id": str(said.value)}, info(said.value), answers.overview)


def board_columns(s: Scene[View]) -> Task:
    return _board(s, lambda board: f"{board['name']} has these columns: {answers.columns(board)}.")


def board_groups(s: Scene[View]) -> Task:
    return _board(s, lambda board: f"{board['name']} has these groups: {answers.groups(board)}.")


def board_owner(s: Scene[View]) -> Task:
    return _board(s, lambda board: f"{board['name']} was created and is owned by {board['creator']['name']}.")


def board_count(s: Scene[View]) -> Task:
    return _board(s, lambda board: f"{board['name']} has {counted(board['items_count'], 'item')}.")


def board_labels(s: Scene[View]) -> Task:
    board = s.pick(s.state.boards)
    wanted = s.pick([column["title"] for column in board["columns"] if labels(column)])
    said = board_said(s, board)

    def answer(text: str) -> str:
        [column] = [column for column in answers.board(text)["columns"] if column["title"] == wanted]
        return f"{wanted} can be {', '.join(str(label['label']) for label in labels(column))}."

    return one_call({"board": said.text, "column": s.quoted(wanted)}, info(said.value), answer)


PLANS = named(
    search_items,
    search_boards,
    search_updates,
    search_workspaces,
    search_folders,
    search_documents,
    search_in,
    search_few,
    search_has,
    board_info,
    board_columns,
    board_groups,
    board_owner,
    board_count,
    board_labels,
)
