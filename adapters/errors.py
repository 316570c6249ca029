"""The one error that a bad adapter or a bad base model raises."""


class AdapterError(Exception):
    """Something is wrong with an adapter. The message is one line and names the remedy.

    `field` is what is at fault: a key of a file, as `adapter_config.json: r`, or the file itself.
    """

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
