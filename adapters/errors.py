"""What goes wrong with an adapter or a base model, in one line that names the remedy."""


class AdapterError(Exception):
    """An adapter is not as it must be.

    `field` is what is at fault: a file and its member, as `adapter_config.json: r`, or a parameter's name.
    """

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class BaseModelError(Exception):
    """A base model cannot be found or read."""


def shown(name: str) -> str:
    """A name from a file or a request, made fit for a line: quoted, escaped and cut."""
    return repr(name if len(name) <= 100 else name[:97] + "...")
