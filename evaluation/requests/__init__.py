"""Single requests with the calls that answer them: how often a model calls the right tool, and calls it right."""

from evaluation.requests.answering import figures
from evaluation.requests.request import Request, read_requests
from evaluation.requests.routing import shares, wrong
from evaluation.requests.score import Answer, Summary, as_json, judge, summarize

__all__ = [
    "Answer",
    "Request",
    "Summary",
    "as_json",
    "figures",
    "judge",
    "read_requests",
    "shares",
    "summarize",
    "wrong",
]
