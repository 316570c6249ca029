"""An adapter whose manifest or configuration does not fit is refused, and the member is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adapters import BaseModel

Refusal = Callable[[Path], tuple[str, str]]
RESTORE = "train the adapter again or restore the file"
PLAIN = "train the adapter again as a plain LoRA or aLoRA"

# What is set, the member at fault ("" for none in particular) and what follows it in the message.
Case = tuple[dict[str, Any], str, str]

MANIFEST_CASES: dict[str, Case] = {
    "a later version": ({"manifest_version": 2}, "manifest_version", f": input should be 1; {RESTORE}"),
    "no digest": ({"weights_digest": None}, "weights_digest", f": input should be a valid string; {RESTORE}"),
    "a misspelt member": ({"weight_digest": ""}, "weight_digest", f": extra inputs are not permitted; {RESTORE}"),
    "an unknown role": (
        {"role": "teacher"},
        "role",
        f": input should be 'router', 'selector', 'arguments', 'summary' or 'traditional'; {RESTORE}",
    ),
    "a toolset in the router's place": (
        {"toolset": "router"},
        "toolset",
        f": no toolset may be named 'router', which is the router's own place in the store; {RESTORE}",
    ),
    "a selector without a toolset": (
        {"toolset": None},
        "",
        f": toolset must be named for every role but router, and for that left out; {RESTORE}",
    ),
    "a selector with a tool": (
        {"tool": "read_file"},
        "",
        f": tool must be named for the role arguments, and for no other; {RESTORE}",
    ),
    "a selector that copies": (
        {"copied": ["path"]},
        "",
        f": copied is for the role arguments, and for no other; {RESTORE}",
    ),
    "a selector with toolsets to choose among": (
        {"toolsets": ["filesystem"]},
        "",
        f": toolsets must be named for the role router, and for no other; {RESTORE}",
    ),
    "no time zone": (
        {"created": "2026-01-02T00:00:00"},
        "created",
        f": input should have timezone info; {RESTORE}",
    ),
    "another base model": (
        {"base_model": {"name": "Qwen/Qwen2.5-7B-Instruct", "digest": "0123456789abcdef"}},
        "base_model",
        ": trained on Qwen/Qwen2.5-7B-Instruct (0123456789ab), but the model served is tiny-llama (<base>); "
        "serve that model or train the adapter for this one",
    ),
    "a base model named in two lines": (
        {"base_model": {"name": "a\nb\x1b[31m" + "c" * 200, "digest": "\n"}},
        "base_model",
        f": trained on a?b?[31m{'c' * 89}... (?), but the model served is tiny-llama (<base>); "
        "serve that model or train the adapter for this one",
    ),
    "another prompt format": (
        {"prompt_format": 2},
        "prompt_format",
        ": trained with prompt format 2, but this server writes format 3; train the adapter again",
    ),
}

CONFIG_CASES: dict[str, Case] = {
    "another method": ({"peft_type": "IA3"}, "peft_type", f": input should be 'LORA'; {PLAIN}"),
    "another task": ({"task_type": "SEQ_CLS"}, "task_type", f": input should be 'CAUSAL_LM'; {PLAIN}"),
    "a rank of zero": ({"r": 0}, "r", f": input should be greater than 0; {PLAIN}"),
    "a rank in words": ({"r": "four"}, "r", f": input should be a valid integer; {PLAIN}"),
    "a rank too high": (
        {"r": 16},
        "r",
        ": the rank is 16, and the server takes at most 8; train with a lower rank or raise the server's limit",
    ),
    "a rank too high for one layer": (
        {"rank_pattern": {"down_proj": 9}},
        "r",
        ": the rank is 9, and the server takes at most 8; train with a lower rank or raise the server's limit",
    ),
    "a rank for a pattern": (
        {"rank_pattern": {"(a+)+b": 4}},
        "rank_pattern.(a+)+b.[key]",
        f": string should match pattern '^[A-Za-z0-9_.]+$'; {PLAIN}",
    ),
    "an infinite alpha": ({"lora_alpha": float("inf")}, "lora_alpha", f": input should be a finite number; {PLAIN}"),
    "trained biases": ({"bias": "all"}, "bias", f": input should be 'none'; {PLAIN}"),
    "a start that changes the base": (
        {"init_lora_weights": "pissa_niter_16"},
        "init_lora_weights",
        f": is a way to start that changes the base model's weights; {PLAIN}",
    ),
    "activated by nothing": (
        {"alora_invocation_tokens": []},
        "alora_invocation_tokens",
        f": list should have at least 1 item after validation, not 0; {PLAIN}",
    ),
    "activated by a negative token": (
        {"alora_invocation_tokens": [7, -1]},
        "alora_invocation_tokens.1",
        f": input should be greater than or equal to 0; {PLAIN}",
    ),
    "a target that the base does not have": (
        {"target_modules": ["q_proj", "c_attn"]},
        "target_modules",
        ": the base model has no linear layer 'c_attn'; train the adapter again or copy it again",
    ),
    **{
        member: ({member: value}, member, f": is a feature that the engine cannot serve; {PLAIN}")
        for member, value in {
            "modules_to_save": ["lm_head"],
            "use_dora": True,
            "lora_bias": True,
            "layer_replication": [[0, 1]],
            "use_bdlora": {"nblocks": 2},
            "use_qalora": True,
            "target_parameters": ["mlp.experts.down_proj"],
            "trainable_token_indices": [1, 2],
            "arrow_config": {"top_k": 2},
            "kasa_config": {"beta": 1.0},
            "monteclora_config": {"samples": 2},
        }.items()
    },
}


@pytest.mark.parametrize(
    ("file", "case"),
    [
        *(pytest.param("manifest.json", case, id=name) for name, case in MANIFEST_CASES.items()),
        *(pytest.param("adapter_config.json", case, id=name) for name, case in CONFIG_CASES.items()),
    ],
)
def test_a_member_that_does_not_fit_is_named_with_the_remedy(
    file: str,
    case: Case,
    make_adapter: Callable[..., Path],
    set_members: Callable[..., None],
    refusal: Refusal,
    base: BaseModel,
) -> None:
    members, member, rest = case
    folder = make_adapter()
    set_members(folder / file, members)
    field = f"{file}: {member}" if member else file
    assert refusal(folder) == (field + rest.replace("<base>", base.digest[:12]), field)


@pytest.mark.parametrize("toolset", ["../../etc", "/etc", "", ".", "a/b", "a\n", ".hidden"])
def test_a_toolset_that_is_no_plain_name_is_refused(
    toolset: str, make_adapter: Callable[..., Path], set_members: Callable[..., None], refusal: Refusal
) -> None:
    folder = make_adapter()
    set_members(folder / "manifest.json", {"toolset": toolset})
    message, field = refusal(folder)
    assert field == "manifest.json: toolset"
    assert message.endswith(RESTORE)
