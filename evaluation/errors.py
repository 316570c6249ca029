"""What goes wrong in an evaluation, in one line that names the remedy."""

from __future__ import annotations


class EvaluationError(Exception):
    """Tasks, settings or results are not as they must be; `field` names the part at fault."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.field = field
