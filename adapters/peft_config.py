"""`adapter_config.json`, as PEFT writes it, narrowed to what the engine can serve.

What stands here mirrors `vllm/lora/peft_helper.py` of vLLM 0.32, which raises on the rest, in the engine's process.
Refused besides are features of PEFT that change the forward pass and that vLLM passes over in silence.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    JsonValue,
    NonNegativeInt,
    PositiveInt,
    StringConstraints,
)

from adapters.files import read_json

CONFIG = "adapter_config.json"


def _is_off(value: JsonValue) -> JsonValue:
    if value:
        raise ValueError("is a feature that the engine cannot serve")
    return value


def _leaves_the_base_as_it_is(init: bool | str | None) -> bool | str | None:
    # PiSSA, OLoRA, CorDA and LoftQ change the base model's weights when PEFT loads the adapter.
    if isinstance(init, str) and init.lower() not in ("gaussian", "eva", "orthogonal", "mica", "lora_ga"):
        raise ValueError("is a way to start that changes the base model's weights")
    return init


Off = Annotated[JsonValue, AfterValidator(_is_off)]
# PEFT and vLLM read these keys as regular expressions; a plain name means the same to both and ends in bounded time.
ModuleName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.]+$")]


class PeftConfig(BaseModel):
    """The members of `adapter_config.json` that matter for serving; others are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    peft_type: Literal["LORA"]
    task_type: Literal["CAUSAL_LM"]
    r: PositiveInt
    lora_alpha: FiniteFloat
    use_rslora: bool = False
    target_modules: str | Annotated[list[str], Field(min_length=1)]
    rank_pattern: dict[ModuleName, PositiveInt] | None = None
    alpha_pattern: dict[ModuleName, FiniteFloat] | None = None
    bias: Literal["none"] = "none"
    init_lora_weights: Annotated[bool | str | None, AfterValidator(_leaves_the_base_as_it_is)] = True
    alora_invocation_tokens: Annotated[list[NonNegativeInt], Field(min_length=1)] | None = None

    modules_to_save: Off = None
    use_dora: Off = False
    lora_bias: Off = False
    layer_replication: Off = None
    use_bdlora: Off = None
    use_qalora: Off = False
    target_parameters: Off = None
    trainable_token_indices: Off = None
    arrow_config: Off = None
    kasa_config: Off = None
    monteclora_config: Off = None

    @property
    def largest_rank(self) -> int:
        return max(self.r, *(self.rank_pattern or {}).values(), 0)

    def rank_of(self, module: str) -> int:
        """The rank that PEFT gives `module`: the first key of `rank_pattern` that its name ends in, else `r`."""
        for key, rank in (self.rank_pattern or {}).items():
            if re.fullmatch(rf"(.*\.)?({key})", module):
                return rank
        return self.r


def read_config(folder: Path) -> PeftConfig:
    """Read `adapter_config.json`. Raises AdapterError naming the member that cannot be served."""
    return read_json(folder / CONFIG, PeftConfig, "train the adapter again as a plain LoRA or aLoRA")
