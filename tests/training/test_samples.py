"""Suffixes on shared prefixes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from adapters import Role
from server.prompt import Label, Segment
from tests.server.toy import FILES, MAIL, TEMPLATES, template
from tests.training.world import Planned, demonstration, files_demonstrations, read
from training.examples import Example, Renderer, Target, decoupled
from training.samples import count, data, samples

SELECTOR = Target(Role.SELECTOR, "files")
planned = st.lists(
    st.one_of(st.builds(read, st.text("ab", max_size=3), st.text("xy ", max_size=9)), st.just(("read_all", "{}", "r"))),
    max_size=4,
)


def rendered(*calls: Planned, family: str = "chatml", id: str = "one") -> list[Example]:
    return list(Renderer(template(family), {"files": FILES, "mail": MAIL}, 4096).examples(demonstration(id, *calls)))


@given(calls=planned, family=st.sampled_from(sorted(TEMPLATES)))
def test_samples_are_the_examples(calls: list[Planned], family: str) -> None:
    examples = rendered(*calls, family=family)
    found = samples(examples)
    assert sorted([*s.prefix.ids[: s.start], *s.suffix, *s.written] for s in found) == sorted(e.ids for e in examples)
    assert sorted((s.label, s.written, s.tool or "") for s in found) == sorted(
        (e.label, e.segments[-1].ids, e.tool or "") for e in examples
    )


def test_all_steps_of_a_demonstration_share_one_prefix() -> None:
    found = samples(rendered(read("a"), read("b"), read("c")))
    assert len({sample.prefix for sample in found}) == 1
    assert len({sample.start for sample in found}) == 4


def test_conversations_that_do_not_begin_alike_have_prefixes_of_their_own() -> None:
    def example(*conversation: int) -> Example:
        parts = ((Label.CONVERSATION, conversation), (Label.INVOCATION, (8,)), (Label.TOOL_NAME, (9,)))
        return Example("one", tuple(Segment(label, "", tuple(ids)) for label, ids in parts), "files")

    found = samples([example(1), example(1, 2), example(1, 3), example(1, 3, 4)])
    assert sorted((list(sample.prefix.ids), sample.start) for sample in found) == [
        ([1, 2], 2),
        ([1, 3, 4], 1),
        ([1, 3, 4], 2),
        ([1, 3, 4], 3),
    ]


def test_an_adapter_has_a_row_for_each_demonstration_that_it_learns_from() -> None:
    examples = [
        e for demo in files_demonstrations(6) for e in Renderer(template(), {"files": FILES}, 4096).examples(demo)
    ]
    train, validation = samples(examples[:-5]), samples(examples[-5:])
    found = {target.name: data(train, validation, target) for target in decoupled(FILES)}
    assert {name: (len(ours.rows), count(ours.rows)) for name, ours in found.items()} == {
        "files/selector": (5, 10),
        "files/arguments/read": (3, 3),
        "files/arguments/read_all": (2, 2),
        "files/summary": (5, 5),
    }
    assert {name: count(ours.validation) for name, ours in found.items()} == {
        "files/selector": 2,
        "files/arguments/read": 0,
        "files/arguments/read_all": 1,
        "files/summary": 1,
    }


def test_the_digest_is_that_of_what_is_learnt_whatever_the_order() -> None:
    one, two = samples(rendered(read("a"), id="one")), samples(rendered(read("b"), id="two"))
    digest = data([*one, *two], (), SELECTOR).digest
    assert data([*two, *one], (), SELECTOR).digest == digest
    assert digest not in {
        data(one, (), SELECTOR).digest,
        data(one, two, SELECTOR).digest,
        data([*one, *two], (), Target(Role.ARGUMENTS, "files", "read")).digest,
    }
