"""What goes wrong in training, in one line that names the remedy."""

from __future__ import annotations


class TrainingError(Exception):
    """The data, the settings or the run are not as they must be; `field` names the part at fault."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class Interrupted(Exception):
    """The run was asked to stop, and its state is on disk: started again, it goes on."""
