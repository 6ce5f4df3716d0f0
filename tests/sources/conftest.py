"""Settings of this room's tests."""

from hypothesis import settings

# A busy machine makes single examples slow; the suite as a whole is short.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")
