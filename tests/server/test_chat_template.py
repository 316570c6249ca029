"""Reading a chat template: the wrappers of turns, canonical calls, and control words that cannot get in."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.chat_template import ChatTemplate, TemplateError
from server.conversation import Call, Message
from tests.server.toy import TEMPLATES, template, tokenizer
from toolsets import Tool

FAMILIES = sorted(TEMPLATES)
HELLO = Message("user", "Hello")
CALLED = (
    HELLO,
    Message("assistant", "Let me look.", calls=(Call("c1", "read", '{"path": "a b"}'), Call("c2", "now", "broken{"))),
    Message("tool", "one", call_id="c1", name="read"),
    Message("tool", "two", call_id="c2", name="now"),
)


@pytest.mark.parametrize(
    ("family", "wrappers"),
    [
        ("chatml", ("<|im_start|>user\n", "<|im_end|>\n", "<|im_start|>assistant\n", "<|im_end|>")),
        ("chatml_tools", ("<|im_start|>user\n", "<|im_end|>\n", "<|im_start|>assistant\n", "<|im_end|>")),
        (
            "headers",
            (
                "<|start_header_id|>user<|end_header_id|>\n\n",
                "<|eot_id|>",
                "<|start_header_id|>assistant<|end_header_id|>\n\n",
                "<|eot_id|>",
            ),
        ),
        ("brackets", ("[INST] ", " [/INST]", "", "</s>")),
    ],
)
def test_the_wrappers_of_a_turn_are_read_off_the_template(family: str, wrappers: tuple[str, ...]) -> None:
    read = template(family)
    assert (read.user_open, read.user_close, read.assistant_open, read.turn_end) == wrappers


def test_a_tokenizer_without_a_template_is_refused_with_the_remedy() -> None:
    bare = tokenizer("chatml").__class__(tokenizer_object=tokenizer("chatml").backend_tokenizer)
    with pytest.raises(TemplateError, match="use an instruction-tuned model"):
        ChatTemplate(bare)


def test_calls_and_results_are_canonical_where_the_template_has_no_form_for_them() -> None:
    assert template("chatml").render(CALLED) == (
        "<|im_start|>system\nBe brief.<|im_end|>\n"
        "<|im_start|>user\nHello<|im_end|>\n"
        "<|im_start|>assistant\nLet me look.\n"
        '<tool_call>\n{"name":"read","arguments":{"path":"a b"}}\n</tool_call>\n'
        '<tool_call>\n{"name":"now","arguments":"broken{"}\n</tool_call><|im_end|>\n'
        "<|im_start|>user\n<tool_response>\none\n</tool_response>\n"
        "<tool_response>\ntwo\n</tool_response><|im_end|>\n"
    )


def test_calls_and_results_are_in_the_templates_own_form_where_it_has_one() -> None:
    assert template("chatml_tools").render(CALLED) == (
        "<|im_start|>system\nBe brief.<|im_end|>\n"
        "<|im_start|>user\nHello<|im_end|>\n"
        "<|im_start|>assistant\nLet me look.\n"
        '<call c1>{"name": "read", "arguments": {"path": "a b"}}</call>\n'
        '<call c2>{"name": "now", "arguments": "broken{"}</call><|im_end|>\n'
        "<|im_start|>user\n<result c1>one</result>\n<result c2>two</result><|im_end|>\n"
    )


def test_an_assistant_that_only_calls_has_no_empty_line_before_the_call() -> None:
    text = template("chatml").render([HELLO, Message("assistant", "", calls=(Call("c1", "now", "{}"),))])
    assert text.endswith('assistant\n<tool_call>\n{"name":"now","arguments":{}}\n</tool_call><|im_end|>\n')


def test_tools_stand_in_the_templates_own_form_or_in_the_system_message() -> None:
    tool = Tool("now", "The time.", {"type": "object", "properties": {}})
    function = {"name": "now", "description": "The time.", "parameters": {"type": "object", "properties": {}}}
    in_system = (
        f"You can call these tools, one a line:\n{json.dumps(function, separators=(',', ':'))}\n"
        'To call one, answer with {"name":"<tool>","arguments":{...}} alone.'
    )
    own = json.dumps({"type": "function", "function": function})
    hello = "<|im_end|>\n<|im_start|>user\nHello<|im_end|>\n"
    rules = Message("system", "Rules.")
    assert {
        "in place of a system message": template("chatml").render([HELLO], tools=[tool]),
        "after a system message": template("chatml").render([rules, HELLO], tools=[tool]),
        "own form": template("chatml_tools").render([HELLO], tools=[tool]),
    } == {
        "in place of a system message": f"<|im_start|>system\n{in_system}{hello}",
        "after a system message": f"<|im_start|>system\nRules.\n\n{in_system}{hello}",
        "own form": f"<|im_start|>system\nBe brief.\nTools:\n{own}{hello}",
    }


def test_an_order_of_roles_that_the_template_refuses_is_an_error_with_its_reason() -> None:
    with pytest.raises(TemplateError, match="refuses this conversation: Roles must alternate"):
        template("brackets").render([HELLO, HELLO])


@pytest.mark.parametrize("family", ["chatml", "chatml_tools"])
def test_arguments_that_are_nested_too_deeply_are_an_error_or_shown_as_they_are(family: str) -> None:
    for depth in (10, 300, 600, 900, 100_000):
        arguments = '{"a":' * depth + "1" + "}" * depth
        try:
            template(family).render([HELLO, Message("assistant", "", calls=(Call("c1", "now", arguments),))])
        except TemplateError as error:
            assert "nested too deeply" in str(error)


CONTROL = {
    "chatml": ["<|im_start|>", "<|im_end|>"],
    "chatml_tools": ["<|im_start|>", "<|im_end|>"],
    "headers": ["<|begin|>", "<|eot_id|>", "<|start_header_id|>", "<|end_header_id|>"],
    "brackets": ["<s>", "</s>", "[INST]", "[/INST]"],
}


def occurrences(text: str, family: str) -> list[int]:
    return [text.count(word) for word in CONTROL[family]]


@pytest.mark.parametrize("family", FAMILIES)
@given(data=st.data())
def test_no_message_call_result_or_tool_adds_a_control_word(family: str, data: st.DataObject) -> None:
    words = st.sampled_from([*CONTROL[family], "<|im_", "end|>", "[", "INST]", "é", "\ud800", "\n", "\\", '"'])
    texts = st.lists(words, max_size=6).map("".join)

    def text() -> str:
        return data.draw(texts)

    def spelt() -> str:
        return json.dumps({"key " + text(): [text(), {"deep": text()}]})

    def conversation(system: str, user: str, said: str, id: str, arguments: str, result: str) -> list[Message]:
        call = Call(id, "read", arguments)
        return [
            Message("system", system),
            Message("user", user),
            Message("assistant", said, calls=(call,)),
            Message("tool", result, call_id=id, name="read"),
        ]

    def tool(words: str) -> Tool:
        return Tool("read", words, {"type": "object", "properties": {words: {"description": words}}})

    read = template(family)
    plain = read.render(conversation("s", "u", "a", "c", '{"k":1}', "r"), tools=[tool("t")])
    hostile = read.render(conversation(text(), text(), text(), text(), spelt(), text()), tools=[tool(text())])
    assert occurrences(hostile, family) == occurrences(plain, family)
    read.encode(hostile)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_texts_without_control_words_stay_as_they_are(text: str) -> None:
    if not any(word in text for words in CONTROL.values() for word in words):
        assert [template(family).neutral(text) for family in FAMILIES] == [text] * len(FAMILIES)
