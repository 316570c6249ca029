"""The adapter store: manifests, checks, discovery. The shipped weights lie in the folders beside this file."""

from adapters.adapter import Adapter, Kind
from adapters.base_model import BaseModel, describe_base_model
from adapters.check import check_adapter
from adapters.errors import AdapterError, BaseModelError
from adapters.manifest import BaseModelId, Manifest, Role, read_manifest, write_manifest
from adapters.store import Problem, Store, install

__all__ = [
    "Adapter",
    "AdapterError",
    "BaseModel",
    "BaseModelError",
    "BaseModelId",
    "Kind",
    "Manifest",
    "Problem",
    "Role",
    "Store",
    "check_adapter",
    "describe_base_model",
    "install",
    "read_manifest",
    "write_manifest",
]
