"""The daemon: HTTP, wire types, staged decode, engine and command line."""
