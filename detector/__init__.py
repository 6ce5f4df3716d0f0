"""Finds sudden increases of log volume, and says what drives them.

    import detector
    result = detector.scan(["/var/log/nginx"], window="1m")
    for frame in detector.parse(["access.log"]): ...

Nothing heavy is imported before it is used.
"""

from __future__ import annotations

from detector.errors import DetectorError, InputError, ModelError, SettingsError, UsageError

__version__ = "0.1.0"
__all__ = ["DetectorError", "InputError", "ModelError", "SettingsError", "UsageError", "__version__"]
