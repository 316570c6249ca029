"""A small world to decode in: tokenizers with the chat templates of several families, toolsets and adapters."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import lru_cache
from itertools import repeat
from pathlib import Path
from typing import Any

from adapters import Adapter, BaseModel, BaseModelId, Kind, Manifest, Role, Store
from server.chat_template import ChatTemplate
from server.engine.base import EngineError
from server.engine.scripted import Generation, Reply, ScriptedEngine
from server.prompt import PROMPT_FORMAT, Prompts, Stage
from toolsets import Registry, Tool, Toolset

CHATML = """\
{%- if messages[0].role != 'system' -%}{{ '<|im_start|>system\\nBe brief.<|im_end|>\\n' }}{%- endif -%}
{%- for m in messages -%}
{{ '<|im_start|>' + m['role'] + '\\n' + m['content'] + '<|im_end|>\\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ '<|im_start|>assistant\\n' }}{%- endif -%}
"""
"""No form for tools, calls or results, and no assistant without content."""

CHATML_TOOLS = """\
{%- set first = messages[0] -%}
{{- '<|im_start|>system\\n' + (first.content if first.role == 'system' else 'Be brief.') -}}
{%- if tools -%}
{{- '\\nTools:' -}}{%- for tool in tools -%}{{- '\\n' + (tool | tojson) -}}{%- endfor -%}
{%- endif -%}
{{- '<|im_end|>\\n' -}}
{%- for m in messages -%}
{%- if m.role == 'tool' -%}
{%- if loop.index0 == 0 or messages[loop.index0 - 1].role != 'tool' -%}{{- '<|im_start|>user' -}}{%- endif -%}
{{- '\\n<result ' + m.tool_call_id + '>' + m.content + '</result>' -}}
{%- if loop.last or messages[loop.index0 + 1].role != 'tool' -%}{{- '<|im_end|>\\n' -}}{%- endif -%}
{%- elif not (loop.first and m.role == 'system') -%}
{{- '<|im_start|>' + m.role + '\\n' + m.content -}}
{%- for call in m.tool_calls or [] -%}
{%- set f = call.function -%}
{{- '\\n<call ' + call.id + '>{"name": "' + f.name + '", "arguments": ' + (f.arguments | tojson) + '}</call>' -}}
{%- endfor -%}
{{- '<|im_end|>\\n' -}}
{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}
"""
"""Knows tools, calls and results, as newer ChatML models do."""

HEADERS = """\
{{- bos_token -}}
{%- for m in messages -%}
{{- '<|start_header_id|>' + m['role'] + '<|end_header_id|>\\n\\n' + m['content'] | trim + '<|eot_id|>' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' -}}{%- endif -%}
"""
"""Turns begin with a header, as Llama 3's do."""

BRACKETS = """\
{{- bos_token -}}
{%- if messages[0]['role'] == 'system' -%}
{%- set before = messages[0]['content'] + '\\n\\n' -%}{%- set turns = messages[1:] -%}
{%- else -%}
{%- set before = '' -%}{%- set turns = messages -%}
{%- endif -%}
{%- for m in turns -%}
{%- if (m['role'] == 'user') != (loop.index0 % 2 == 0) -%}
{{- raise_exception('Roles must alternate between user and assistant') -}}
{%- endif -%}
{%- if m['role'] == 'user' -%}
{{- '[INST] ' + (before if loop.first else '') + m['content'] + ' [/INST]' -}}
{%- else -%}
{{- ' ' + m['content'] + eos_token -}}
{%- endif -%}
{%- endfor -%}
"""
"""User turns in brackets that are plain text, strict about the order of roles, as Mistral's first models are."""

TEMPLATES = {"chatml": CHATML, "chatml_tools": CHATML_TOOLS, "headers": HEADERS, "brackets": BRACKETS}

_SPECIAL = {
    "chatml": ("<|im_start|>", "<|im_end|>"),
    "chatml_tools": ("<|im_start|>", "<|im_end|>"),
    "headers": ("<|begin|>", "<|eot_id|>", "<|start_header_id|>", "<|end_header_id|>"),
    "brackets": ("<s>", "</s>"),
}
"""First and end of text, then those that the tokenizer does not name."""


@lru_cache
def tokenizer(family: str) -> Any:
    """One token for each byte, and the control tokens of the family."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    backend = Tokenizer(models.BPE(vocab={character: id for id, character in enumerate(alphabet)}, merges=[]))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    backend.decoder = decoders.ByteLevel()
    first, end, *others = _SPECIAL[family]
    backend.add_special_tokens(others)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, bos_token=first, eos_token=end)
    tokenizer.chat_template = TEMPLATES[family]
    return tokenizer


@lru_cache
def template(family: str = "chatml") -> ChatTemplate:
    return ChatTemplate(tokenizer(family))


@lru_cache
def prompts(family: str = "chatml") -> Prompts:
    return Prompts(template(family))


def schema(**properties: Any) -> dict[str, Any]:
    """Of an object that has all of `properties`, whose schemas are given, and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


PATH = schema(path={"type": "string"})
READ = Tool("read", "Read a file.", PATH)
READ_ALL = Tool("read_all", "Read all files.", schema() | {"properties": {"depth": {"type": "integer"}}})
SEND = Tool("send", "Send a mail.", schema(to={"type": "string"}))
FILES = Toolset("files", "Files on the disk.", (READ, READ_ALL))
MAIL = Toolset("mail", "The user's mail.", (SEND,))
REGISTRY = Registry({"files": FILES, "mail": MAIL})

ADD = Tool("add", "Add numbers.", schema(a={"type": "integer"}, b={"type": "integer"}))
"""In no toolset."""

PING = Tool("ping", "Say whether all is well.", schema())
"""Takes no arguments, and is in no toolset."""

ODD = Tool("odd", "Its schema is one that no grammar enforces.", schema(path={"type": "string", "not": {"const": "b"}}))


def adapter(
    role: Role,
    toolset: str | None = None,
    tool: str | None = None,
    digest: str = "",
    copied: tuple[str, ...] = (),
    **more: Any,
) -> Adapter:
    """An adapter as the store would hold it, without files."""
    manifest = Manifest(
        role=role,
        toolset=toolset,
        tool=tool,
        base_model=BaseModelId(name="toy", digest="0"),
        prompt_format=PROMPT_FORMAT,
        tools_digest=digest,
        data_digest="0",
        weights_digest="0",
        toolsets=("files", "mail") if role is Role.ROUTER else (),
        copied=copied,
        created=datetime(2026, 1, 2, tzinfo=UTC),
    )
    values = {"kind": Kind.LORA, "rank": 8, "invocation_tokens": (), "version": "1", **more}
    return Adapter(name=manifest.name, path=Path("/nowhere"), manifest=manifest, **values)


ADAPTERS = (
    adapter(Role.SELECTOR, "files", digest=FILES.digest),
    adapter(Role.TRADITIONAL, "files", digest=FILES.digest),
    adapter(Role.ARGUMENTS, "files", "read", READ.digest),
)


class ToyStore(Store):
    """A store whose folder is the list that it is made of."""

    def __init__(self, *on_disk: Adapter, loaded: Iterable[Adapter] = ()) -> None:
        super().__init__(Path("/nowhere"), BaseModel("toy", "0", {}), max_rank=8, prompt_format=PROMPT_FORMAT)
        self.on_disk = list(on_disk)
        for item in loaded:
            self.add(item)


def say(**replies: Reply | Iterable[Reply]) -> Callable[[Generation], Reply]:
    """A script with the replies of each stage, by the stage's name: one for all, or one after the other."""
    queues = {
        Stage(stage): repeat(reply) if isinstance(reply, str | EngineError) else iter(reply)
        for stage, reply in replies.items()
    }
    return lambda generation: next(queues[generation.prompt.stage])


def engine(**replies: Reply | Iterable[Reply]) -> ScriptedEngine:
    return ScriptedEngine(say(**replies))
