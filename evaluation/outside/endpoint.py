"""The server that is measured."""

from __future__ import annotations

from evaluation.errors import EvaluationError

_SECONDS = 30.0


def served_models(base_url: str, api_key: str, model: str) -> tuple[str, ...]:
    """The ids that the server at `base_url` has, `model` among them. Raises EvaluationError where it is not."""
    from openai import APIConnectionError, OpenAI, OpenAIError  # slow to import

    try:
        with OpenAI(base_url=base_url, api_key=api_key, timeout=_SECONDS, max_retries=0) as client:
            ids = tuple(each.id for each in client.models.list())
    except APIConnectionError:
        raise EvaluationError(
            f"no server answers at {base_url}; start one (dualtune serve), or name another: --base-url", "base_url"
        ) from None
    except (OpenAIError, ValueError, AttributeError, TypeError) as error:
        raise EvaluationError(f"the server at {base_url} does not list its models: {error}", "base_url") from None
    if model not in ids:
        raise EvaluationError(f"the server at {base_url} has no model {model!r}; it has: {', '.join(ids)}", "model")
    return ids
