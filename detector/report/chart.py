"""Charts as static SVG: nothing runs, they print, and their text keeps its size on every width.

A chart is as wide as the page. Its curves lie in an inner picture that stretches, its labels beside it in percent.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from detector.report.course import Course, Real
from detector.report.markup import Markup, element, join
from detector.report.numbers import MINUTE_US, brief
from detector.report.scale import time_marks, value_marks
from detector.report.shape import ForecastShape, IncidentShape
from detector.times import clock, micros

TOP, HEIGHT, LABELS = 36.0, 190.0, 24.0
GRID = 1000.0
"""The inner picture, in both directions."""
HEADROOM = 1.06
EDGE = 0.05
"""Half of a label, as a share of the width of a phone."""
FARTHEST_CAPACITY = 3.0
"""A capacity so many times above everything seen would flatten the curves: it is told in words only."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The ranges of a chart: time from begin to end, values from 0 to the last of their marks."""

    begin_us: int
    end_us: int
    marks: tuple[float, ...]

    @property
    def top(self) -> float:
        """The highest value that has a place."""
        return self.marks[-1]

    def x(self, at_us: float) -> float:
        """Share of the width, clipped to the chart."""
        return min(max((at_us - self.begin_us) / (self.end_us - self.begin_us), 0.0), 1.0)

    def y(self, value: float) -> float:
        """Share of the height, from the top."""
        return 1.0 - min(max(value / self.top, 0.0), 1.0)


def draw_chart(course: Course, one: IncidentShape) -> Markup:
    """Lines per minute around an incident: observed, expected, the band up to where an alarm begins, and the marks."""
    frame = _frame(course, one.forecast)
    inner = element(
        "svg", _surge(course, frame, one), _band(course, frame), _line(course, frame, course.expected, "expected"),
        _line(course, frame, course.observed, "observed"), *_marks(frame, one),
        x="0", y=TOP, width="100%", height=HEIGHT, viewBox="0 0 1000 1000", preserveAspectRatio="none",
    )  # fmt: skip
    return element(
        "svg", *_grid(frame), inner, *_times(frame), *_mark_labels(frame, one),
        class_="chart", height=TOP + HEIGHT + LABELS, width="100%", role="img", aria_label=_describe(course, one),
    )  # fmt: skip


def _frame(course: Course, forecast: ForecastShape) -> Frame:
    """Room for all curves, and for the capacity and the moment of overload if they are near."""
    highest = max(_highest(course.observed), _highest(course.expected))
    top = max(highest, min(_highest(course.upper), 1.5 * highest)) or 1.0
    if forecast.capacity_unit == "lines/min" and (forecast.capacity or 0) <= FARTHEST_CAPACITY * top:
        top = max(top, forecast.capacity or 0)
    end = course.end_us
    if forecast.overload_at is not None:
        end = max(end, min(micros(forecast.overload_at), end + (end - course.begin_us)))
    return Frame(course.begin_us, end, tuple(value_marks(top * HEADROOM)))


def _highest(values: Real) -> float:
    known = values[np.isfinite(values)]
    return float(known.max()) if len(known) else 0.0


def _describe(course: Course, one: IncidentShape) -> str:
    """The chart for those who cannot see it."""
    return (f"Lines per minute from {clock(course.begin_us)} to {clock(course.end_us)} UTC: at most "
            f"{brief(_highest(course.observed))} observed, at most {brief(_highest(course.expected))} expected; "
            f"the {'fall' if one.factor < 1 else 'surge'} began at {clock(micros(one.started_at))} and was noticed at "
            f"{clock(micros(one.detected_at))}.")  # fmt: skip


def _grid(frame: Frame) -> Iterable[Markup]:
    """Lines across, each with its value above its left end."""
    for value in frame.marks:
        y = round(TOP + HEIGHT * frame.y(value)) + 0.5
        yield element("line", x1="0", x2="100%", y1=y, y2=y, class_="grid")
        if value > 0:
            yield element("text", brief(value), x="0", y=y - 4, class_="label")


def _times(frame: Frame) -> Iterable[Markup]:
    """Round moments below; those at the very edge have no label, which would run into its neighbour or out."""
    for at, label in time_marks(frame.begin_us, frame.end_us):
        x = frame.x(at)
        foot = TOP + HEIGHT
        yield element("line", x1=_percent(x), x2=_percent(x), y1=foot, y2=foot + 5, class_="grid")
        if EDGE <= x <= 1 - EDGE:
            yield element("text", label, x=_percent(x), y=foot + 19, class_="label", text_anchor="middle")


def _anchor(x: float) -> str:
    """Where a longer text has to begin to stay inside."""
    return "start" if x < 0.15 else "end" if x > 0.85 else "middle"


def _percent(share: float) -> str:
    return f"{share * 100:.5g}%"


def _surge(course: Course, frame: Frame, one: IncidentShape) -> Markup:
    """The time of the incident, shaded."""
    begin = frame.x(micros(one.started_at))
    end = frame.x(course.end_us if one.ended_at is None else micros(one.ended_at))
    return element("rect", x=GRID * begin, y=0, width=GRID * (end - begin), height=GRID, class_="surge")


def _points(course: Course, frame: Frame, values: Real) -> list[tuple[float, float] | None]:
    """Middle of each step and its value, in the inner picture; None where it is unknown."""
    middles = course.begin_us + course.step_us * (np.arange(len(values)) + 0.5)
    pairs = zip(middles.tolist(), values.tolist(), strict=True)
    return [(GRID * frame.x(at), GRID * frame.y(value)) if math.isfinite(value) else None for at, value in pairs]


def _path(points: Sequence[tuple[float, float] | None]) -> str:
    """One stroke per run of known points; a lonely point is a short stroke."""
    strokes = []
    for known, run in groupby(points, key=lambda point: point is not None):
        places = [f"{point[0]:.5g} {point[1]:.5g}" for point in run if point is not None] if known else []
        if places:
            strokes.append("M" + "L".join(places if len(places) > 1 else places * 2))
    return "".join(strokes)


def _line(course: Course, frame: Frame, values: Real, kind: str) -> Markup:
    return element("path", d=_path(_points(course, frame, values)), class_=kind)


def _band(course: Course, frame: Frame) -> Markup:
    """Between what is expected and where an alarm begins; one area per run of windows in which both are known."""
    low, high = _points(course, frame, course.expected), _points(course, frame, course.upper)
    areas = []
    pairs = [None if one is None or two is None else (one, two) for one, two in zip(low, high, strict=True)]
    for known, run in groupby(pairs, key=lambda pair: pair is not None):
        edges = [pair for pair in run if pair is not None] if known else []
        if len(edges) > 1:
            around = [pair[0] for pair in edges] + [pair[1] for pair in reversed(edges)]
            areas.append(_path(around) + "Z")
    return element("path", d="".join(areas), class_="band")


def _marks(frame: Frame, one: IncidentShape) -> Iterable[Markup]:
    """When it was noticed; the capacity; the way there from the moment of the forecast, and its end."""
    noticed, forecast = GRID * frame.x(micros(one.detected_at)), one.forecast
    yield element("line", x1=noticed, x2=noticed, y1=0, y2=GRID, class_="noticed")
    if forecast.capacity is None or not _has_capacity(frame, forecast):
        return
    capacity = GRID * frame.y(forecast.capacity)
    yield element("line", x1=0, x2=GRID, y1=capacity, y2=capacity, class_="capacity")
    if forecast.overload_at is not None and forecast.as_of is not None:
        begin, end = GRID * frame.x(micros(forecast.as_of)), GRID * frame.x(micros(forecast.overload_at))
        load = GRID * frame.y((forecast.load or 0.0) * forecast.capacity)
        yield element("line", x1=begin, y1=load, x2=end, y2=capacity, class_="forecast")
        yield element("line", x1=end, x2=end, y1=0, y2=GRID, class_="overload")


def _has_capacity(frame: Frame, forecast: ForecastShape) -> bool:
    """Is there one that has a place among lines per minute?"""
    known = forecast.capacity is not None and forecast.capacity <= frame.top
    return known and forecast.capacity_unit == "lines/min"


def _mark_labels(frame: Frame, one: IncidentShape) -> Iterable[Markup]:
    """Words beside the marks: above the chart, and at the right end of the capacity."""
    x, forecast = frame.x(micros(one.detected_at)), one.forecast
    words = f"noticed {clock(micros(one.detected_at))}"
    yield element("text", words, x=_percent(x), y=12, class_="mark", text_anchor=_anchor(x))
    if forecast.overload_at is not None and _has_capacity(frame, forecast):
        x = frame.x(micros(forecast.overload_at))
        words = f"full {clock(micros(forecast.overload_at) // MINUTE_US * MINUTE_US)}"
        yield element("text", words, x=_percent(x), y=28, class_="mark", text_anchor=_anchor(x))
    if forecast.capacity is not None and _has_capacity(frame, forecast):
        y = TOP + HEIGHT * frame.y(forecast.capacity)
        yield element("text", "capacity", x="100%", y=y - 4, class_="label", text_anchor="end")


def draw_spark(values: Sequence[float], flagged: Sequence[bool]) -> Markup:
    """A small course without axes; flagged stretches in the colour of a surge."""
    top = max(values, default=0.0) or 1.0
    width = GRID / max(len(values), 1)
    tops = [GRID * (1 - value / top) for value in values]
    bars = [
        element("rect", x=index * width, y=y, width=width, height=GRID - y, class_="hot" if hot else None)
        for index, (y, hot) in enumerate(zip(tops, flagged, strict=True))
    ]
    return element("svg", join(*bars), class_="spark", viewBox="0 0 1000 1000", preserveAspectRatio="none",
                   aria_hidden="true")  # fmt: skip


def draw_drivers(shares: Sequence[tuple[str, str, float]]) -> Markup:
    """One bar that diverges from zero: what fell to the left, what grew to the right; (name, words, share) each."""
    left = sum(-share for *_, share in shares if share < 0)
    whole = left + sum(share for *_, share in shares if share > 0) or 1.0
    ends = {True: left, False: left}
    parts = []
    for name, _, share in shares:
        fell, length = share < 0, abs(share)
        begin = ends[fell] - length if fell else ends[fell]
        ends[fell] = begin if fell else begin + length
        parts.append(element("rect", x=_percent(begin / whole), y=4, width=_percent(length / whole), height=18,
                             class_=f"driver-{name}"))  # fmt: skip
    zero = element("line", x1=_percent(left / whole), x2=_percent(left / whole), y1=0, y2=26, class_="zero")
    told = ", ".join(f"{words} {share * 100:.0f} %" for _, words, share in shares)
    return element("svg", *parts, zero, class_="drivers", width="100%", height=26, role="img",
                   aria_label=f"Shares in the change of volume: {told}")  # fmt: skip
