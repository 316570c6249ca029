"""The model ids of this server: ways to decode one base model."""

from __future__ import annotations

from collections.abc import Mapping

from server.decode.request import Profile

DEFAULT = Profile("dualtune", "staged", "decoupled", "Route, select, arguments, with each toolset's own adapters.")

_ALL = (
    DEFAULT,
    Profile("dualtune-traditional", "staged", "traditional", "The same stages, with one adapter for each toolset."),
    Profile("dualtune-base", "staged", "none", "The same stages, on the base model alone."),
    Profile("dualtune-flat", "flat", "none", "One pass on the base model, with all tools in the prompt."),
)

PROFILES: Mapping[str, Profile] = {profile.id: profile for profile in _ALL}
"""The arms of the paper's Figure 2, each a model id."""
