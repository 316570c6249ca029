"""Frozen tasks: what is asked of the agent, where, and what must come of it."""

from evaluation.tasks.files import SHIPPED, digest, read_tasks, write_tasks
from evaluation.tasks.task import (
    CallMade,
    Content,
    Field,
    Folder,
    Gone,
    Ground,
    Listed,
    Moved,
    NoCall,
    Placed,
    Requirement,
    Says,
    Task,
    Told,
    Written,
)

__all__ = [
    "SHIPPED",
    "CallMade",
    "Content",
    "Field",
    "Folder",
    "Gone",
    "Ground",
    "Listed",
    "Moved",
    "NoCall",
    "Placed",
    "Requirement",
    "Says",
    "Task",
    "Told",
    "Written",
    "digest",
    "read_tasks",
    "write_tasks",
]
