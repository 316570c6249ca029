"""Subcommands of `dualtune`, one a module."""
