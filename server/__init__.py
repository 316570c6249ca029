"""The daemon: HTTP, wire types, staged decode, engine and command line."""

__version__ = "0.1.0"
