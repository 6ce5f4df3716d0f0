"""What is known of services in general before a service has a history of its own."""

from __future__ import annotations

import hashlib
import io
import json
import math
from dataclasses import dataclass

import polars as pl

from detector.errors import ModelError
from detector.resources import find_resource


@dataclass(frozen=True, slots=True)
class Prior:
    """Typical noise of sums of some minutes, learned by `models/learn_prior.py` from public series.

    Attributes:
        minutes: length of the sums, ascending.
        phi, dispersion: of each, see `detect/noise.py`.
    """

    minutes: tuple[float, ...] = (15.0,)
    phi: tuple[float, ...] = (1.0,)
    dispersion: tuple[float, ...] = (0.04,)

    def at(self, minutes: float) -> tuple[float, float]:
        """phi and dispersion of sums of so many minutes: those of the nearest length on a logarithmic scale."""
        place = min(range(len(self.minutes)), key=lambda index: abs(math.log(self.minutes[index] / minutes)))
        return self.phi[place], self.dispersion[place]


def load_prior() -> Prior:
    """The prior that is shipped in `models/prior`.

    Raises:
        ModelError: it is missing or damaged.
    """
    folder = find_resource("models", "prior")
    try:
        manifest = json.loads((folder / "manifest.json").read_bytes())
        data = (folder / "noise.parquet").read_bytes()
    except (OSError, ValueError) as error:
        raise ModelError(f"prior in {folder} cannot be read ({error}): install detector again") from error
    if hashlib.sha256(data).hexdigest() != manifest["sha256"]:
        raise ModelError(f"prior in {folder} is damaged (its checksum differs): install detector again")
    table = pl.read_parquet(io.BytesIO(data)).sort("minutes")
    return Prior(*(tuple(table[name].to_list()) for name in ("minutes", "phi", "dispersion")))
