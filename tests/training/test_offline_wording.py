"""What a user types, from phrasings with slots."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.offline.grammar import GrammarError, Phrasing, Slot
from training.offline.joining import joined
from training.offline.wording import Piece, fill, frames, plain, slip, typed

WORDS = st.sampled_from(["show me", " and then read ", "it's ", "Please ", " called ", "? ", " (all) ", "list "])
VALUES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
PIECES = st.lists(st.builds(Piece, WORDS) | st.builds(Piece, VALUES, st.just(True), st.booleans()), min_size=1)
RANDOM = st.integers(0, 10_000).map(Random)


def sentences(source: str) -> list[str]:
    variants = Phrasing(source).variants()
    return ["".join(f"<{p.name}>" if isinstance(p, Slot) else p for p in parts) for parts in variants]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            "(show|give) me (the|) {file}",
            ["show me the <file>", "show me <file>", "give me the <file>", "give me <file>"],
        ),
        ("(read|(open|print) all of) it", ["read it", "open all of it", "print all of it"]),
        ("ls {dir} | sort (by size)", ["ls <dir> | sort (by size)"]),
        (r"a\nb \(x\|y\)", ["a\nb (x|y)"]),
        ("where is it (now|) ?", ["where is it now?", "where is it?"]),
    ],
)
def test_a_phrasing_stands_for_its_sentences(source: str, expected: list[str]) -> None:
    assert sentences(source) == expected
    assert Phrasing(source).sentences == len(expected)


@pytest.mark.parametrize("source", ["a (b", "a) b", "a {b", "b} a", "(a|(b)", "{a b}"])
def test_brackets_that_do_not_fit_are_refused(source: str) -> None:
    with pytest.raises(GrammarError, match=r"bracket|stray"):
        _ = Phrasing(source).phrase


@given(random=RANDOM)
def test_what_is_drawn_is_one_of_the_sentences(random: Random) -> None:
    phrasing = Phrasing("(can|could) you (read|(show|open) me) {file} (now|please|) ?")
    assert phrasing.draw(random) in list(phrasing.variants())


@given(pieces=PIECES, random=RANDOM)
def test_values_are_typed_as_they_are(pieces: list[Piece], random: Random) -> None:
    rest = typed(random, pieces)
    for piece in pieces:
        if piece.is_value:
            assert piece.text in rest
            rest = rest.partition(piece.text)[2]


@given(pieces=PIECES, random=RANDOM)
def test_nothing_follows_on_a_value_whose_end_could_not_be_told(pieces: list[Piece], random: Random) -> None:
    assert typed(random, [*pieces, Piece("the end", True, True)]).endswith("the end")


@given(requests=st.lists(PIECES, min_size=1, max_size=4), random=RANDOM)
def test_a_request_of_several_parts_has_all_of_them_in_their_order(requests: list[list[Piece]], random: Random) -> None:
    rest = plain(joined(random, requests))
    for request in requests:
        assert plain(request) in rest
        rest = rest.partition(plain(request))[2]


@given(seed=st.integers(0, 500))
def test_a_command_line_is_left_as_it_is(seed: int) -> None:
    pieces = fill((Slot("file"), " -n | head"), {"file": "a.txt"})
    assert typed(Random(seed), [Piece("cat "), *pieces]) == "cat a.txt -n | head"


@given(word=st.text("abcdefghijklmnopqrstuvwxyz", min_size=4, max_size=12), random=RANDOM)
def test_a_slip_leaves_a_word_that_can_be_read(word: str, random: Random) -> None:
    slipped = slip(random, word)
    assert slipped[0] == word[0]
    assert abs(len(slipped) - len(word)) <= 1


def test_a_slot_without_a_value_is_an_error() -> None:
    with pytest.raises(KeyError, match="file"):
        fill((Slot("file"),), {})


def test_requests_are_typed_in_many_ways() -> None:
    typings = {typed(Random(seed), [Piece("show me "), Piece("a.txt", True)]) for seed in range(400)}
    assert {"show me a.txt", "Show me a.txt", "Show me a.txt.", "SHOW ME a.txt"} <= typings
    assert any(text.startswith(frames().before) for text in typings)
    assert any(text.startswith(frames().reasons) for text in typings)
    assert any(text.endswith(frames().after) for text in typings)
