"""LangChain's standard integration tests for ChatOpenAI; pytest runs this in an environment of its own.

What a server for text does not offer (images, audio, PDF, Anthropic's message parts) is off by the suite's defaults.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from langchain_openai import ChatOpenAI
from langchain_tests.integration_tests import ChatModelIntegrationTests

_SETTINGS = json.loads(os.environ["DUALTUNE_BENCHMARK"])


class TestChatOpenAI(ChatModelIntegrationTests):  # type: ignore[misc]  # the suite is not in our environment
    @property
    def chat_model_class(self) -> type[ChatOpenAI]:
        return ChatOpenAI

    @property
    def chat_model_params(self) -> dict[str, Any]:
        """The key comes from the environment.

        stream_usage: ChatOpenAI asks for it by itself only at OpenAI's own address. timeout: the suite's minute for a
        request is short for a server without a GPU.
        """
        here = {"model": _SETTINGS["model"], "base_url": _SETTINGS["base_url"]}
        return {**here, "stream_usage": True, "timeout": 600}

    @property
    def supports_json_mode(self) -> bool:
        return True

    @property
    def model_override_value(self) -> str | None:
        other: str | None = _SETTINGS["other_model"]
        return other


# What the suite is told of the server, its defaults included: tests of what it does not have skip themselves.
_FEATURES = (name for name in dir(TestChatOpenAI) if name.startswith(("has_", "returns_", "supports_")))
_DECLARED = {name: getattr(TestChatOpenAI(), name) for name in _FEATURES}
Path("declared.json").write_text(json.dumps(_DECLARED), encoding="utf-8")
