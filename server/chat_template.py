"""A model's chat template: conversations to text, text to tokens, and the wrappers of a turn.

Templates differ in what they know. The wrappers of a turn are read off the template by rendering marked messages, and
where it has no form for tool calls and results, they are written in the one below, the same for every such model.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from server.conversation import Call, Message
from toolsets import Tool

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Neutral = Callable[[str], str]

_MARKS = ("@@first@@", "@@second@@", "@@third@@")


class TemplateError(ValueError):
    """The model's chat template has no form for this conversation."""


class ChatTemplate:
    """Wraps a Hugging Face tokenizer that has a chat template."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        if not tokenizer.chat_template:
            raise TemplateError("The model's tokenizer has no chat template: use an instruction-tuned model.")
        self._tokenizer = tokenizer
        self._longest_token = max(map(len, tokenizer.get_vocab()))
        self._read_wrappers()
        self._knows_calls = self._renders(_CALL_PROBE, _MARKS)
        self._knows_tools = self._renders(_CALL_PROBE[:1], (_TOOL_PROBE.name,), tools=[_TOOL_PROBE])

    def render(self, messages: Sequence[Message], *, tools: Sequence[Tool] = ()) -> str:
        """The conversation as text, without the opening of the next turn.

        With `tools` their full schemas stand before the conversation: in the template's own form where it has one, in
        the system message otherwise. Raises `TemplateError` where the template refuses the order of the roles.
        """
        if tools and not self._knows_tools:
            messages = _with_tools_in_system(messages, tools)
            tools = ()
        try:
            offered = [_everywhere(self.neutral, _wire_tool(tool)) for tool in tools]
            if self._knows_calls:
                return self._apply([_native(message, self.neutral) for message in messages], tools=offered)
            return self._apply(list(_canonical(messages, self.neutral)), tools=offered)
        except RecursionError as error:
            raise TemplateError("A call's arguments or a tool's schema are nested too deeply.") from error

    def encode(self, text: str) -> tuple[int, ...]:
        # Not verbose: a text that is too long is told to the client, not to the log.
        return tuple(self._tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])

    def least_tokens(self, characters: int) -> int:
        """The tokens that a text of so many characters takes at least; to count them takes a second for a megabyte."""
        return characters // self._longest_token

    def neutral(self, text: str) -> str:
        """`text` with the template's control words broken up, so that no message can end its turn or open another.

        A zero-width space goes after the first character of each. Halves of surrogate pairs, which JSON can hold and
        no text can, become replacement characters.
        """
        text = self._control_words.sub("\\g<0>\u200b", text)
        return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    def _apply(
        self, messages: list[dict[str, Any]], *, tools: Sequence[Mapping[str, Any]] = (), opened: bool = False
    ) -> str:
        from jinja2 import TemplateError as JinjaError

        try:
            text = self._tokenizer.apply_chat_template(
                messages,
                tools=list(tools) or None,
                tokenize=False,
                add_generation_prompt=opened,
            )
        except (JinjaError, TypeError, ValueError) as error:
            raise TemplateError(f"The model's chat template refuses this conversation: {error}") from error
        return str(text)

    def _read_wrappers(self) -> None:
        first, second, third = _MARKS
        pair = [{"role": "user", "content": first}, {"role": "assistant", "content": second}]
        turn_end = self._apply(pair).split(second)[1]
        whole = self._apply([*pair, {"role": "user", "content": third}], opened=True)
        closed = self._apply([*pair, {"role": "user", "content": third}])
        self.user_open = whole.split(second)[1].split(third)[0].removeprefix(turn_end)
        self.user_close = closed.split(third)[1]
        self.assistant_open = whole.split(third)[1].removeprefix(self.user_close)
        self.turn_end = turn_end.rstrip("\n")
        self._control_words = self._read_control_words()

    def _read_control_words(self) -> re.Pattern[str]:
        """Matches the first character of every special token, and of the wrappers that are plain text."""
        special = {token.content for token in self._tokenizer.added_tokens_decoder.values() if token.special}
        wrappers = (self.user_open, self.user_close, self.assistant_open, self.turn_end)
        plain = {wrapper.strip() for wrapper in wrappers if not any(token in wrapper for token in special)}
        words = "|".join(re.escape(word) for word in sorted(special | plain) if word)
        return re.compile(f"(?={words}).", re.DOTALL)

    def _renders(self, messages: Sequence[Message], expected: Iterable[str], *, tools: Sequence[Tool] = ()) -> bool:
        """Whether the template shows all of `expected`; some drop what they do not know, others fail on it."""
        try:
            text = self._apply(
                [_native(message, str) for message in messages], tools=[_wire_tool(tool) for tool in tools]
            )
        except TemplateError:
            return False
        return all(mark in text for mark in expected)


def _native(message: Message, neutral: Neutral) -> dict[str, Any]:
    plain: dict[str, Any] = {"role": message.role, "content": neutral(message.content)}
    if message.calls:
        plain["tool_calls"] = [
            {
                "id": neutral(call.id),
                "type": "function",
                # Parsed first: JSON can spell a control word with escapes.
                "function": {"name": neutral(call.name), "arguments": _everywhere(neutral, _parsed(call.arguments))},
            }
            for call in message.calls
        ]
    if message.role == "tool":
        plain |= {"tool_call_id": neutral(message.call_id or ""), "name": neutral(message.name or "")}
    return plain


def _canonical(messages: Sequence[Message], neutral: Neutral) -> Iterator[dict[str, Any]]:
    """Calls and results as marked text. The results of one assistant turn stand in one user turn."""
    for is_result, run in groupby(messages, key=lambda message: message.role == "tool"):
        if is_result:
            results = [f"<tool_response>\n{neutral(message.content)}\n</tool_response>" for message in run]
            yield {"role": "user", "content": "\n".join(results)}
            continue
        for message in run:
            parts = [message.content] if message.content or not message.calls else []
            parts += [f"<tool_call>\n{call_json(call)}\n</tool_call>" for call in message.calls]
            yield {"role": message.role, "content": neutral("\n".join(parts))}


def _with_tools_in_system(messages: Sequence[Message], tools: Sequence[Tool]) -> list[Message]:
    lines = [compact_json(_wire_tool(tool)["function"]) for tool in tools]
    text = (
        "You can call these tools, one a line:\n" + "\n".join(lines) + "\n"
        'To call one, answer with {"name":"<tool>","arguments":{...}} alone.'
    )
    if messages and messages[0].role == "system":
        return [Message("system", f"{messages[0].content}\n\n{text}"), *messages[1:]]
    return [Message("system", text), *messages]


def _wire_tool(tool: Tool) -> dict[str, Any]:
    function = {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
    return {"type": "function", "function": function}


def call_json(call: Call) -> str:
    """Name and arguments in compact form; arguments that do not parse are shown as the string they are."""
    return compact_json({"name": call.name, "arguments": _parsed(call.arguments)})


def compact_json(value: object) -> str:
    """The one form in which JSON is shown to a model and expected from it: no white space, Unicode as it is."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _everywhere(neutral: Neutral, value: Any) -> Any:
    """A JSON value with all its strings made neutral."""
    if isinstance(value, str):
        return neutral(value)
    if isinstance(value, Mapping):
        return {neutral(key): _everywhere(neutral, item) for key, item in value.items()}
    if isinstance(value, list):
        return [_everywhere(neutral, item) for item in value]
    return value


def _parsed(arguments: str) -> Any:
    try:
        value = json.loads(arguments)
    except (ValueError, RecursionError):
        return arguments
    return value if isinstance(value, dict) else arguments


_CALL_PROBE = (
    Message("user", "question"),
    Message("assistant", "", calls=(Call("call_1", _MARKS[0], json.dumps({"key": _MARKS[1]})),)),
    Message("tool", _MARKS[2], call_id="call_1", name=_MARKS[0]),
)
_TOOL_PROBE = Tool(name="probe_tool", description="", parameters={"type": "object", "properties": {}})
