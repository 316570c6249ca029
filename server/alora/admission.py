"""Hook: a request that would apply an activated adapter wrongly is refused before the engine hears of it.

What vLLM does: `InputProcessor.process_inputs` turns every request into what the engine is sent, in the front
process; a `VLLMValidationError` there fails that request alone. `extra_args` that nobody reads are ignored.

What we change: after vLLM's own checks, an activated adapter without the position of its invocation is refused, and
so is a position that is none, that comes without an activated adapter, or at which the prompt does not have the
adapter's invocation tokens. So is every request of an activated adapter on an engine with a feature that the hooks do
not fit.

Why it is right: past this point a missing position would silently mean an ordinary LoRA, and one that does not fit
would mean other weights than those PEFT would use.
"""

import json
from pathlib import Path
from typing import Any

from .hook import Hook
from .invocation import START_KEY, invocation_start


def _install(module: Any) -> None:
    original = module.InputProcessor.process_inputs

    def process_inputs(self: Any, *args: Any, **kwargs: Any) -> Any:
        request = original(self, *args, **kwargs)
        start = invocation_start(request.sampling_params)
        if start is not None or request.lora_request is not None:
            reason = unfit_request(start, request.prompt_token_ids, _invocation_tokens(request.lora_request))
            if reason is None and start is not None:
                reason = unfit_engine(self.vllm_config, module.current_platform)
            if reason is None and start is not None and request.resumable:
                reason = "activated adapters do not work with streamed inputs: send the whole prompt"
            if reason is not None:
                raise module.VLLMValidationError(reason, parameter=START_KEY)
        return request

    module.InputProcessor.process_inputs = process_inputs


def unfit_request(start: Any, prompt: list[int] | None, invocation: list[int] | None) -> str | None:
    """Why this request cannot be served; None if it can.

    `start` is what the request names as the position of its invocation, `invocation` the invocation tokens of its
    adapter: None for an ordinary one, or for no adapter.
    """
    if start is None:
        if invocation is None:
            return None
        return f"{START_KEY} is missing: the adapter is an activated one; give the position of its invocation tokens"
    if invocation is None:
        return f"{START_KEY} is given, but not an activated adapter: leave it out, or name such an adapter"
    if type(start) is not int or start < 0:
        return f"{START_KEY} must be a position in the prompt, 0 or greater, not {start!r}"
    if prompt is None or prompt[start : start + len(invocation)] != invocation:
        return f"the prompt does not have the adapter's invocation tokens {invocation} at {START_KEY} = {start}"
    return None


def unfit_engine(config: Any, platform: Any) -> str | None:
    """Which feature of this engine does not go with activated adapters, with the remedy; None if all do."""
    feature = None
    if not (platform.is_cpu() or platform.is_cuda_alike()):
        feature = f"the platform {platform.device_name} (use a CPU or a CUDA GPU)"
    elif config.kv_transfer_config is not None:
        feature = "KV transfer (drop kv_transfer_config): connectors take a request's blocks to be its adapter's"
    elif config.kv_events_config is not None and config.kv_events_config.enable_kv_cache_events:
        feature = "KV cache events (drop kv_events_config): they give a request's blocks to its adapter"
    elif config.lora_config.specialize_active_lora:
        feature = "specialize_active_lora (turn it off): a step with one adapter also has tokens without one"
    elif config.parallel_config.prefill_context_parallel_size > 1:
        feature = "prefill context parallelism (set prefill_context_parallel_size to 1): it reorders the tokens"
    elif config.model_config.is_encoder_decoder:
        feature = "encoder-decoder models: the encoder comes before every position"
    return f"activated adapters do not work with {feature}" if feature else None


def _invocation_tokens(lora_request: Any) -> list[int] | None:
    """The invocation tokens in the adapter's PEFT configuration; None for an ordinary adapter, or for none.

    A checkpoint that cannot be read is left to vLLM.
    """
    if lora_request is None:
        return None
    from vllm.lora.utils import get_adapter_absolute_path

    path = Path(get_adapter_absolute_path(lora_request.lora_path)) / "adapter_config.json"
    try:
        tokens: list[int] | None = json.loads(path.read_text(encoding="utf-8")).get("alora_invocation_tokens")
    except (OSError, ValueError):
        return None
    return tokens or None


HOOK = Hook(
    module="vllm.v1.engine.input_processor",
    install=_install,
    sources={"vllm.v1.engine.input_processor:InputProcessor.process_inputs": "e22b5f772979054c"},
)
