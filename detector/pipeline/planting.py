"""Plants surges of known size into counts, so that one can see which of them would have been found.

What is planted multiplies what the service says anyway: the extra records of a window are drawn from a Poisson law
around (factor - 1) x the usual rate x the shape of the surge. Generators are seeded from what is planted and where, so
the same input gives the same surges.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from detector.pipeline.stores import Numbers, Real, Store

Mask = NDArray[np.bool_]
MINUTE_US = 60_000_000
RATE_US = 15 * MINUTE_US
KINDS = ("lines", "messages_per_client", "bytes")
"""What grows: more clients who each say as much; as many who say more; as many messages that are larger."""
NEEDS = {"lines": "lines", "messages_per_client": "clients", "bytes": "bytes"}
"""Without this measure a surge of that kind cannot be planted."""
SIZES = (1.5, 2.0, 4.0, 10.0)
SHAPES = ("step", "ramp", "doubling")
DURATIONS_US = tuple(minutes * MINUTE_US for minutes in (15, 30, 60, 120))
LEAST = 10.0
"""Records that a service must say in the time of a surge: half of nothing is nothing."""


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a surge is planted; the same for every size and kind, so that they can be compared.

    Attributes:
        service: its name.
        first, end: windows first..end-1, all in one day.
        shape: of `SHAPES`.
        kinds: of `KINDS`, for which enough is known there.
    """

    service: str
    first: int
    end: int
    shape: str
    kinds: tuple[str, ...] = KINDS


@dataclass(slots=True)
class Planted:
    """A store in which some services surge: a view, the counts themselves stay as they are.

    Attributes:
        store: what is really there.
        slots: number of the service -> where it surges.
        factor: size of the surges, 1 for none.
        kind: of `KINDS`.
        width_us, services: as those of the store.
    """

    store: Store
    slots: Mapping[int, Slot]
    factor: float
    kind: str
    width_us: int = field(init=False)
    services: dict[str, int] = field(init=False)
    names_clients: bool = field(init=False)

    def __post_init__(self) -> None:
        self.width_us, self.services = self.store.width_us, self.store.services
        self.names_clients = self.store.names_clients

    @property
    def windows_per_day(self) -> int:
        """Windows divide a day without rest."""
        return self.store.windows_per_day

    def span(self) -> tuple[int, int]:
        """First window, and the one after the last."""
        return self.store.span()

    def knows(self, day: int) -> bool:
        """Is anything known of this day, silence too?"""
        return self.store.knows(day)

    def measures(self) -> frozenset[str]:
        """The measures that are known of any service."""
        return self.store.measures()

    def counted_per(self, service: int) -> str:
        """What the lines of a service are counted per."""
        return self.store.counted_per(service)

    def tells(self, column: str, service: str) -> bool:
        """Do records of a service, by its name, state this column?"""
        return self.store.tells(column, service)

    def matrices(self, number: int, services: Numbers, only: tuple[str, ...]) -> dict[str, Real]:
        """The measures `only` of one day with what is planted, S x windows."""
        found = self.store.matrices(number, services, tuple({*only, "lines"}))
        begin = number * self.windows_per_day
        for row, service in enumerate(services.tolist()):
            slot = self.slots.get(service)
            if slot is not None and begin <= slot.first < begin + self.windows_per_day:
                mine = {name: matrix[row] for name, matrix in found.items()}
                self._plant(mine, slot, slot.first - begin, slot.end - begin)
        return {name: found[name] for name in only}

    def series(self, service: int, first: int, end: int) -> dict[str, Real]:
        """Windows first..end-1 of one service, with what is planted."""
        found = self.store.series(service, first, end)
        slot = self.slots.get(service)
        if slot is None or slot.end <= first or end <= slot.first:
            return found
        day = slot.first // self.windows_per_day
        begin, stop = max(first, slot.first), min(end, slot.end)
        for name, matrix in self.matrices(day, np.array([service]), tuple(found)).items():
            of_day = slice(begin - day * self.windows_per_day, stop - day * self.windows_per_day)
            found[name][begin - first : stop - first] = matrix[0, of_day]
        return found

    def distinct(self, service: int, first: int, end: int) -> float | None:
        """Clients that are really there: planted ones have no names."""
        return self.store.distinct(service, first, end)

    def _plant(self, measures: Mapping[str, Real], slot: Slot, begin: int, end: int) -> None:
        """Change windows begin..end-1 of one service in place."""
        lines = measures["lines"]
        part = slice(begin, end)
        mean = rate(lines[:end], self.width_us)[part] * course(slot.shape, end - begin, self.factor)
        extra = generator(slot.service, str(slot.first), f"{self.factor:g}", self.kind).poisson(mean)
        before = float(np.nansum(lines[part]))
        for name, grows in (("bytes", True), ("clients", self.kind == "lines")):
            if grows and name in measures:
                _grow(measures[name][part], extra, before)
        if self.kind != "bytes":
            lines[part] += extra


def _grow(measure: Real, extra: Numbers, lines: float) -> None:
    """Let a measure grow in place as if every extra record had its mean share in it; what is unknown stays unknown."""
    known = np.isfinite(measure)
    if lines and known.any():
        more = np.rint(extra * (np.nansum(measure) / lines))
        measure[:] = np.where(known | (more > 0), np.nan_to_num(measure) + more, measure)


def course(shape: str, windows: int, factor: float) -> Real:
    """How many times the usual comes on top of it in each window of a surge: `factor` - 1 at its height."""
    part = np.arange(1, windows + 1) / windows
    if shape == "step":
        return np.full(windows, factor - 1)
    return np.asarray(part * (factor - 1) if shape == "ramp" else factor**part - 1)


def rate(lines: Real, width_us: int) -> Real:
    """What a service usually says in each window: half the count itself, half the mean of the last 15 minutes.

    Args:
        lines: one service, windows in order; a gap (NaN) is left out of the mean.
        width_us: length of a window.
    """
    reach = max(1, RATE_US // width_us)
    known = np.isfinite(lines)
    total, number = (np.cumsum(np.r_[np.zeros(reach), part]) for part in (np.nan_to_num(lines), known.astype(float)))
    mean = (total[reach:] - total[:-reach]) / np.maximum(number[reach:] - number[:-reach], 1)
    return np.asarray(np.where(known, (np.nan_to_num(lines) + mean) / 2, 0.0))


def choose(
    measures: Mapping[str, Real], allowed: Mask, service: str, first: int, turn: int, width_us: int
) -> Slot | None:
    """A place for a surge in one day of a service, None if there is none.

    Args:
        measures: of the day, one value per window each; at least `lines`.
        allowed: windows in which a surge may lie, as booleans.
        service: its name.
        first: number of the first window of the day.
        turn: shapes and durations take turns.
        width_us: length of a window.
    """
    rng = generator(service, str(first), str(turn))
    turn += int(generator(service).integers(len(SHAPES) * len(DURATIONS_US)))  # so that not all begin with a step
    length = max(1, DURATIONS_US[turn // len(SHAPES) % len(DURATIONS_US)] // width_us)
    if length >= len(allowed):
        return None
    said = np.cumsum(np.r_[0.0, np.nan_to_num(measures["lines"])])
    fits = np.cumsum(np.r_[0, allowed])
    starts = np.flatnonzero(
        (fits[length + 1 :] - fits[: -length - 1] == length + 1)  # one more, in which it may still be noticed
        & (said[length:-1] - said[: -length - 1] >= LEAST)
    )
    if not len(starts):
        return None
    start = first + int(rng.choice(starts))
    here = slice(start - first, start - first + length)
    kinds = tuple(kind for kind in KINDS if np.nansum(measures.get(NEEDS[kind], np.zeros(0))[here]) > 0)
    return Slot(service, start, start + length, SHAPES[turn % len(SHAPES)], kinds)


def generator(*parts: str) -> np.random.Generator:
    """Chance that is the same for the same words, on every machine."""
    digest = hashlib.blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return np.random.default_rng(int.from_bytes(digest, "big"))
