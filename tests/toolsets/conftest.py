"""Settings of the property tests."""

from hypothesis import settings

# How long one example takes says more about what else the machine does. pytest-timeout bounds the whole.
settings.register_profile("dualtune", deadline=None)
settings.load_profile("dualtune")
