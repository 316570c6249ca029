"""The staged decode: one step of an agent as a stream of typed events. Nothing here knows HTTP."""

from server.decode.step import step

__all__ = ["step"]
