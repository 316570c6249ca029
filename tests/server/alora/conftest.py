"""What the tests of the activated-adapter plugin share."""

import importlib
import warnings

import pytest


@pytest.fixture(scope="session", autouse=True)
def vllm_imported() -> None:
    """Import the vLLM modules that the tests use: torch and vLLM warn while they are imported, which is not ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for module in ("vllm.lora.layers", "vllm.lora.punica_wrapper.punica_cpu"):
            importlib.import_module(module)
