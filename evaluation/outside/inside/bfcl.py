"""Starts bfcl-eval with a model that it does not know; run in an environment of its own, with what to do as JSON.

The leaderboard knows its models by a table in its code. This adds one: the server's, with the handler for OpenAI's chat
completions. Everything else is bfcl-eval's own: the entries, the requests, the checker, the files in BFCL_PROJECT_ROOT.
"""

from __future__ import annotations

import json
import sys
import traceback
from typing import Any

from bfcl_eval.__main__ import cli
from bfcl_eval.constants.eval_config import TEST_IDS_TO_GENERATE_PATH
from bfcl_eval.constants.model_config import MODEL_CONFIG_MAPPING, ModelConfig
from bfcl_eval.model_handler.api_inference.openai_completion import OpenAICompletionsHandler
from bfcl_eval.utils import load_dataset_entry
from openai import APIConnectionError

# The folders of results are named after it, and it is guessed back from them: no name with "/" or "_" would do.
NAME = "model"


class ServerGone(BaseException):
    """No Exception: bfcl-eval would take it for the model's answer, and go on with the next entry."""


def register(model: str, max_tokens: int) -> None:
    """Function names come without dots, which OpenAI's API does not have: underscore_to_dot tells the checker so."""

    class Handler(OpenAICompletionsHandler):  # type: ignore[misc]  # bfcl-eval is not in our environment
        def _compile_tools(self, *entry: Any) -> Any:
            compiled = super()._compile_tools(*entry)
            for tool in compiled["tools"]:
                tool["function"].pop("response", None)  # of entries with several turns; OpenAI's API has no such member
            return compiled

        def generate_with_backoff(self, **request: Any) -> Any:
            try:
                return super().generate_with_backoff(max_tokens=max_tokens, **request)
            except APIConnectionError as error:
                raise ServerGone(str(error)) from error

    MODEL_CONFIG_MAPPING[NAME] = ModelConfig(
        model_name=model,
        display_name=model,
        url="",
        org="",
        license="",
        model_handler=Handler,
        is_fc_model=True,
        underscore_to_dot=True,
    )


def choose(categories: list[str], limit: int | None) -> None:
    """Write down the ids of the entries to generate, of each category all or the first so many; and how many it has."""
    there = {category: [entry["id"] for entry in load_dataset_entry(category)] for category in categories}
    TEST_IDS_TO_GENERATE_PATH.write_text(json.dumps({category: ids[:limit] for category, ids in there.items()}))
    sizes = {category: len(ids) for category, ids in there.items()}
    TEST_IDS_TO_GENERATE_PATH.with_name("sizes.json").write_text(json.dumps(sizes))


def main(settings: dict[str, Any]) -> None:
    register(settings["model"], settings["max_tokens"])
    model = ["--model", NAME]
    if settings["step"] == "generate":
        choose(settings["categories"], settings["limit"])
        threads = ["--num-threads", str(settings["jobs"])]
        cli(["generate", *model, "--run-ids", "--temperature", "0", *threads], standalone_mode=False)
    else:
        categories = ["--test-category", ",".join(settings["categories"])]
        cli(["evaluate", *model, *categories, "--partial-eval"], standalone_mode=False)


if __name__ == "__main__":
    try:
        main(json.loads(sys.argv[1]))
    except BaseException as error:
        traceback.print_exc(file=sys.stdout)
        print(f"{type(error).__name__}: {error}")  # noqa: T201  # the last line is the reason that the user is told
        sys.exit(1)
