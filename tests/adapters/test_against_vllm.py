"""What the store lets pass, vLLM's own code takes: its reader of adapters, without an engine around it.

An adapter that vLLM refuses ends the engine, so this is what the check is for.
"""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters import AdapterError, BaseModel, Kind, check_adapter

pytestmark = pytest.mark.engine

MAX_RANK = 8
LLAMA_LAYERS = {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj", "embed_tokens", "lm_head"}


@pytest.fixture(scope="module", autouse=True)
def vllm() -> None:
    """Imported apart, because libraries that vLLM imports warn of themselves."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import vllm.lora.lora_model
        import vllm.lora.peft_helper  # noqa: F401


def vllm_reads_the_config(folder: Path) -> Any:
    """The steps of `WorkerLoRAManager._load_adapter` up to the weights; raises what would end the engine."""
    from vllm.config.lora import LoRAConfig
    from vllm.lora.peft_helper import PEFTHelper

    helper = PEFTHelper.from_local_dir(str(folder), max_position_embeddings=2048)
    helper.validate_legal(LoRAConfig(max_lora_rank=MAX_RANK))
    return helper


def vllm_reads_the_weights(folder: Path, helper: Any) -> Any:
    import torch
    from vllm.lora.lora_model import LoRAModel

    return LoRAModel.from_local_checkpoint(
        str(folder), LLAMA_LAYERS, helper, lora_model_id=1, device="cpu", dtype=torch.float32, model_vocab_size=64
    )


def test_vllm_takes_an_adapter_that_passes(make_adapter: Callable[..., Path], base: BaseModel) -> None:
    adapter = check_adapter(make_adapter(), base, max_rank=MAX_RANK, prompt_format=3)
    model = vllm_reads_the_weights(adapter.path, vllm_reads_the_config(adapter.path))
    shapes = {name: (layer.rank, layer.lora_a.shape[1], layer.lora_b.shape[0]) for name, layer in model.loras.items()}
    assert shapes == {
        f"model.layers.{block}.{layer}": (8 if (block, layer) == (1, "mlp.down_proj") else 4, columns, rows)
        for block in (0, 1)
        for layer, (rows, columns) in {
            "self_attn.q_proj": (16, 16),
            "self_attn.v_proj": (8, 16),
            "mlp.down_proj": (16, 32),
        }.items()
    }
    assert all(math.isclose(layer.scaling, 8 / layer.rank) for layer in model.loras.values())


def test_vllm_lacks_nothing_of_an_activated_adapter_but_its_kind(
    make_adapter: Callable[..., Path], base: BaseModel
) -> None:
    adapter = check_adapter(make_adapter(kind=Kind.ALORA), base, max_rank=MAX_RANK, prompt_format=3)
    config = adapter.path / "adapter_config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"alora_invocation_tokens": None}))
    assert len(vllm_reads_the_weights(adapter.path, vllm_reads_the_config(adapter.path)).loras) == 6


ranks = st.sampled_from([-1, 0, 1, 4, 8, 9, 4.0, "4", None, True, 2**70])
patterns = st.dictionaries(
    st.sampled_from(["down_proj", "layers.1.mlp.down_proj", "no_such", ".*proj", "(", "[", "*"]),
    st.sampled_from([4, 8, 9, 0, "4"]),
    min_size=1,
    max_size=2,
)
switches = st.sampled_from([None, False, True, {}, [], {"a": 1}, ["lm_head"], "yes"])
MEMBERS: dict[str, st.SearchStrategy[Any]] = {
    "r": ranks,
    "lora_alpha": st.sampled_from([8, 0.5, 0, -1, "8", None, float("nan"), float("inf"), 2**70]),
    "target_modules": st.sampled_from([["q_proj"], "all-linear", ".*", None, [], ["("], "("]),
    "rank_pattern": patterns,
    "alpha_pattern": patterns | switches,
    "bias": st.sampled_from(["none", "all", "lora_only", None, ""]),
    "init_lora_weights": switches | st.sampled_from(["gaussian", "GAUSSIAN", "pissa", "olora", "loftq", "eva"]),
    "use_rslora": st.sampled_from([True, False, None, "yes"]),
    "modules_to_save": switches,
    "use_dora": switches,
    "lora_bias": switches,
    "layer_replication": switches,
    "use_bdlora": switches,
    "use_qalora": switches,
}
# Few at a time: one bad member hides the rest.
changes = st.lists(st.sampled_from(sorted(MEMBERS)), max_size=2, unique=True).flatmap(
    lambda names: st.fixed_dictionaries({name: MEMBERS[name] for name in names})
)


@settings(max_examples=500, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(members=changes)
def test_vllm_takes_every_configuration_that_passes(
    members: dict[str, Any], make_adapter: Callable[..., Path], base: BaseModel, tmp_path: Path
) -> None:
    folder = tmp_path / "changed"
    if not folder.exists():
        (make_adapter("changed") / "adapter_config.json").rename(tmp_path / "original.json")
    original = json.loads((tmp_path / "original.json").read_text())
    (folder / "adapter_config.json").write_text(json.dumps(original | members))
    try:
        check_adapter(folder, base, max_rank=MAX_RANK, prompt_format=3)
    except AdapterError:
        return
    helper = vllm_reads_the_config(folder)
    for layer in vllm_reads_the_weights(folder, helper).loras.values():
        assert (layer.lora_a.shape[0], layer.lora_b.shape[1]) == (layer.rank, layer.rank)
        assert math.isfinite(layer.scaling)
