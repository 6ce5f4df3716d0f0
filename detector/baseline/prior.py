"""What is known of services in general before a service has a history of its own."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import dataclass

import polars as pl

from detector.errors import ModelError
from detector.resources import find_resource


@dataclass(frozen=True, slots=True)
class Prior:
    """Typical noise, learned by `models/learn_prior.py` from public series.

    Each tuple is for sums of one window, and of 5, 15 and 60 minutes.

    Attributes:
        dispersion: negative-binomial dispersion around what is expected (variance = mean + dispersion * mean^2).
        tail_share, tail_scale: see `detect/tail.py`.
    """

    dispersion: tuple[float, ...] = (0.05, 0.04, 0.04, 0.04)
    tail_share: tuple[float, ...] = (0.03, 0.05, 0.06, 0.08)
    tail_scale: tuple[float, ...] = (1.2, 1.3, 1.4, 1.5)


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
    return Prior(*(tuple(table[name].to_list()) for name in ("dispersion", "tail_share", "tail_scale")))
