"""What goes wrong with an adapter or a base model, in one line that names the remedy."""


class AdapterError(Exception):
    """An adapter is not as it must be.

    `field` is what is at fault: a file and its member, as `adapter_config.json: r`, or a parameter's name.
    """

    def __init__(self, message: str, field: str) -> None:
        # Names and words out of foreign files come into both.
        self.message = _printable(message)
        self.field = _printable(field)
        super().__init__(self.message)


class BaseModelError(Exception):
    """A base model cannot be found or read."""


def shown(name: str) -> str:
    """A name from a file or a request, made fit for a line: quoted, escaped and cut."""
    return repr(cut(name))


def cut(text: str) -> str:
    """At most 100 characters of a text that may be of any length."""
    return text if len(text) <= 100 else text[:97] + "..."


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text)
