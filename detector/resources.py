"""The files that travel with the package: `data/` and `models/` of a checkout, `_data` and `_models` of a wheel."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from detector.errors import ModelError

PACKAGE = Path(__file__).resolve().parent


def find_resource(kind: Literal["data", "models"], name: str) -> Path:
    """The path of the file or folder `name` under `kind`.

    Raises:
        ModelError: it is not there, so the installation is damaged.
    """
    for folder in (PACKAGE / f"_{kind}", PACKAGE.parent / kind):
        path = folder / name
        if path.exists():
            return path
    raise ModelError(f"{kind}/{name} is missing from this installation in {PACKAGE}: install detector again")
