"""The adapter store: manifests, checks, discovery; the shipped weights lie in the folders beside this file."""
