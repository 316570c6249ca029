"""What the tests of the activated-adapter plugin share."""

import importlib
import warnings

import pytest

import server.alora

VLLM_MODULES = (
    "vllm.lora.layers",
    "vllm.lora.peft_helper",
    "vllm.lora.punica_wrapper.punica_cpu",
    "vllm.sampling_params",
    "vllm.v1.core.kv_cache_utils",
    "vllm.v1.worker.gpu.model_runner",
    "vllm.v1.worker.gpu_input_batch",
    "vllm.v1.worker.lora_model_runner_mixin",
)


@pytest.fixture(scope="session", autouse=True)
def hooked_vllm() -> None:
    """vLLM with the hooks installed, as in a process of its own.

    Imported here with the warnings of torch and vLLM off, which they give while they are imported.
    """
    server.alora.register()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for module in VLLM_MODULES:
            importlib.import_module(module)
