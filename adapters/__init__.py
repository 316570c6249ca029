"""The adapter store: manifests, checks, discovery; the shipped weights lie in the folders beside this file."""

from adapters.adapter import Adapter, Kind
from adapters.errors import AdapterError
from adapters.manifest import Manifest, Role

__all__ = ["Adapter", "AdapterError", "Kind", "Manifest", "Role"]
