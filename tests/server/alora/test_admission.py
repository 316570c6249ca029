"""Requests and engines with which an activated adapter would be served wrongly are refused."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from server.alora.admission import unfit_engine, unfit_request

PROMPT = [5, 6, 7, 8, 7, 8, 9]


@pytest.mark.parametrize(
    ("start", "invocation", "reason"),
    [
        (None, None, None),
        (2, [7, 8], None),
        (4, [7, 8], None),
        (0, [5], None),
        (None, [7, 8], "alora_start is missing: the adapter is an activated one"),
        (2, None, "alora_start is given, but not an activated adapter"),
        (3, [7, 8], "the prompt does not have the adapter's invocation tokens [7, 8] at alora_start = 3"),
        (6, [9, 9], "the prompt does not have the adapter's invocation tokens [9, 9] at alora_start = 6"),
        (70, [7, 8], "the prompt does not have the adapter's invocation tokens [7, 8] at alora_start = 70"),
        (-3, [7, 8], "alora_start must be a position in the prompt, 0 or greater, not -3"),
        ("2", [7, 8], "alora_start must be a position in the prompt, 0 or greater, not '2'"),
        (True, [6], "alora_start must be a position in the prompt, 0 or greater, not True"),
    ],
)
def test_a_request_must_name_the_position_of_its_adapters_invocation_tokens(
    start: Any, invocation: list[int] | None, reason: str | None
) -> None:
    found = unfit_request(start, PROMPT, invocation)
    assert found is None if reason is None else str(found).startswith(reason)


def test_a_prompt_of_embeddings_alone_is_refused() -> None:
    assert unfit_request(0, None, [7]) is not None


def engine(**changes: Any) -> SimpleNamespace:
    settings: dict[str, Any] = {
        "kv_transfer_config": None,
        "kv_events_config": None,
        "lora_config": SimpleNamespace(specialize_active_lora=False),
        "parallel_config": SimpleNamespace(prefill_context_parallel_size=1),
        "model_config": SimpleNamespace(is_encoder_decoder=False),
    }
    return SimpleNamespace(**settings | changes)


def platform(kind: str) -> SimpleNamespace:
    return SimpleNamespace(
        is_cpu=lambda: kind == "cpu", is_cuda_alike=lambda: kind in ("cuda", "rocm"), device_name=kind
    )


@pytest.mark.parametrize("kind", ["cpu", "cuda", "rocm"])
def test_an_engine_without_odd_features_is_accepted(kind: str) -> None:
    assert unfit_engine(engine(), platform(kind)) is None
    quiet = SimpleNamespace(enable_kv_cache_events=False)
    assert unfit_engine(engine(kv_events_config=quiet), platform(kind)) is None


@pytest.mark.parametrize(
    ("changes", "feature"),
    [
        ({"kv_transfer_config": object()}, "KV transfer"),
        ({"kv_events_config": SimpleNamespace(enable_kv_cache_events=True)}, "KV cache events"),
        ({"lora_config": SimpleNamespace(specialize_active_lora=True)}, "specialize_active_lora"),
        ({"parallel_config": SimpleNamespace(prefill_context_parallel_size=2)}, "prefill context parallelism"),
        ({"model_config": SimpleNamespace(is_encoder_decoder=True)}, "encoder-decoder models"),
    ],
)
def test_a_feature_that_does_not_fit_is_named(changes: dict[str, Any], feature: str) -> None:
    reason = unfit_engine(engine(**changes), platform("cpu"))
    assert reason is not None
    assert reason.startswith(f"activated adapters do not work with {feature}")


def test_another_platform_is_named() -> None:
    reason = unfit_engine(engine(), platform("tpu"))
    assert reason == "activated adapters do not work with the platform tpu (use a CPU or a CUDA GPU)"


def peft_problems(folder: Path, **fields: Any) -> list[str]:
    from vllm.lora.peft_helper import PEFTHelper

    config = {"r": 8, "lora_alpha": 16, "target_modules": ["q_proj"]} | fields
    (folder / "adapter_config.json").write_text(json.dumps(config))
    problems: list[str] = PEFTHelper.from_local_dir(str(folder), 2048)._validate_features()
    return problems


def test_vllm_accepts_activated_checkpoints_and_still_refuses_the_rest(tmp_path: Path) -> None:
    assert peft_problems(tmp_path, alora_invocation_tokens=[1, 2]) == []
    assert peft_problems(tmp_path, alora_invocation_tokens=[1], use_dora=True) == ["vLLM does not yet support DoRA."]
