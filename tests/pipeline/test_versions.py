"""The signal `version`: a chatty version is noticed, those that merely differ are not."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from detector.formats.lines import cut_lines
from detector.formats.records import Recipe
from detector.formats.table import FORMATS
from detector.pipeline.version_counts import InLines
from detector.pipeline.version_scene import family_of
from detector.windows.versions import TILE_US, TILES_PER_DAY
from tests.pipeline.clients import FIRST, Fleet, Shares, draw, judged

ROLLOUT: Shares = {"app/1.0": [(0, 1), (1, 1), (3, 0)], "app/2.0": [(0, 0), (1, 0), (3, 1)]}
FEW: Shares = {"app/1.0": [(0, 1), (1, 1), (1.1, 0.98)], "app/2.0": [(0, 0), (1, 0), (1.1, 0.02)]}
SUDDEN: Shares = {"app/1.0": [(0, 1), (1.5, 1), (1.52, 0)], "app/2.0": [(0, 0), (1.5, 0), (1.52, 1)]}
TENTH: Shares = {"app/1.0": [(0, 1), (1, 1), (1.01, 0.9)], "app/2.0": [(0, 0), (1, 0), (1.01, 0.1)]}
CONSTANT: Shares = {"app/1.0": [(0, 0.4)], "app/2.0": [(0, 0.3)], "lite/1.0": [(0, 0.2)], "bot/1": [(0, 0.1)]}


@pytest.mark.parametrize(
    ("shares", "ratios", "fleet"),
    [
        (CONSTANT, {"app/2.0": 2.0, "lite/1.0": 0.4, "bot/1": 12.0}, Fleet()),
        (ROLLOUT, {}, Fleet()),
        (ROLLOUT, {}, Fleet(lines=3, session=60, idle=20)),
        (SUDDEN, {}, Fleet()),
        (FEW, {}, Fleet()),
        (FEW, {"app/2.0": 1.3}, Fleet(unequal=1.2)),
    ],
    ids=["constant", "roll-out", "roll-out to those who talk seldom", "sudden roll-out", "few", "few, a little more"],
)
@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_is_raised_where_nothing_is_wrong(shares: Shares, ratios: dict[str, float], fleet: Fleet, seed: int):
    """Versions that always differ, equal versions that spread, versions that hardly anybody has."""
    assert [] == judged(draw(fleet, shares, ratios, 4, seed))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_chatty_version_is_noticed_while_few_have_it(seed: int):
    """One client of ten sends six times as much: what is told of it is right, and it lasts."""
    (found,) = judged(draw(Fleet(clients=1500), TENTH, {"app/2.0": 6.0}, 2, seed))
    incident, rise = found
    passed = incident.detected_us // TILE_US - FIRST - TILES_PER_DAY
    assert 0 < passed <= 60
    assert ("version", None) == (incident.signal, incident.ended_us)
    assert ("app/2.0", "app/1.0") == (rise.version, rise.against)
    assert 3 < rise.ratio < 12
    assert 0.02 < rise.share_of_clients < 0.25
    assert rise.first_us >= (FIRST + TILES_PER_DAY) * TILE_US
    assert 0.9 < rise.share_of_excess <= 1
    assert rise.lines_at_full > 2.5 * rise.lines_now


def test_it_ends_when_the_version_talks_like_the_others():
    """Or when nobody has it any more."""
    gone: Shares = {"app/1.0": [(0, 1), (1, 1), (1.01, 0.8), (1.5, 0.8), (1.51, 1)],
                    "app/2.0": [(0, 0), (1, 0), (1.01, 0.2), (1.5, 0.2), (1.51, 0)]}  # fmt: skip
    (found,) = judged(draw(Fleet(clients=1500), gone, {"app/2.0": 6.0}, 3, 1))
    assert found.incident.ended_us is not None
    assert 0 <= found.incident.ended_us // TILE_US - FIRST - 1.5 * TILES_PER_DAY <= 30


def test_the_future_changes_nothing():
    """What was raised by the end of a day is the same whatever comes after it."""
    totals = draw(Fleet(), TENTH, {"app/2.0": 6.0}, 3, 2)
    early, late = judged(totals, days=2), judged(totals)
    assert [(one.incident.id, one.incident.detected_us) for one in early] == [
        (one.incident.id, one.incident.detected_us) for one in late[: len(early)]
    ]


@pytest.mark.parametrize("step", [1, 36])
def test_tile_by_tile_it_is_the_same(step: int):
    """Judged as each tile ends, or some at a time: what is raised and told is that of whole days."""
    gone: Shares = {"app/1.0": [(0, 1), (1, 1), (1.01, 0.8), (1.5, 0.8), (1.51, 1)],
                    "app/2.0": [(0, 0), (1, 0), (1.01, 0.2), (1.5, 0.2), (1.51, 0)]}  # fmt: skip
    for shares in (TENTH, gone):
        totals = draw(Fleet(), shares, {"app/2.0": 6.0}, 3, 2)
        assert judged(totals)
        assert judged(totals) == judged(totals, step=step)


@pytest.mark.parametrize(
    ("version", "family"),
    [("FleetApp/4.9.0", "FleetApp"), ("Chrome 126", "Chrome"), ("4.9.0", ""), ("v2", ""), ("shop:1.2-rc1", "shop"),
     ("okhttp", "okhttp"), ("", "")],
)  # fmt: skip
def test_the_family_stands_before_the_number(version: str, family: str):
    """What has no number is a family of its own."""
    assert family == family_of(version)


def test_lines_of_a_format_that_knows_no_version_have_none():
    """Where another format of the same source knows one."""
    known = {one.name: one for one in FORMATS}
    recipe = Recipe((known["route53"], known["access"]))
    text = "\n".join(sample.text for sample in known["route53"].samples)
    lines = cut_lines(text.encode())
    assert recipe.tells_versions
    assert [None] * 2 == InLines(lines, recipe, pl.DataFrame()).texts(np.array([0, 1])).to_list()
