"""Settings for all tests of the server."""

from __future__ import annotations

import hypothesis

# How long an example takes says more about the machine's other work than about the code.
hypothesis.settings.register_profile("dualtune", deadline=None)
hypothesis.settings.load_profile("dualtune")
