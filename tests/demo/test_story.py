"""The story of the demo is one with a known truth: flat clients, chattier apps, failures from ten o'clock."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from detector.demo.files import lines_of, write_story
from detector.demo.fleet import fleet_of, overload_of
from detector.demo.story import CROSSED, MINUTES, RAW_FROM, RECOVERED, RELEASED, minute_of

SEED = 3


@pytest.fixture(scope="module")
def fleet():
    """All regions."""
    return fleet_of(SEED)


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    """Written to files."""
    return write_story(tmp_path_factory.mktemp("story"), SEED)


def talkers(fleet, first, end):
    """Mean number of clients seen in a minute."""
    talking = [(talk.minute >= first) & (talk.minute < end) & (talk.messages > 0) for talk in fleet]
    return sum(one.sum() for one in talking) / (end - first)


def test_the_same_seed_gives_the_same_files(story, tmp_path):
    """To the byte; another seed gives others."""
    again = write_story(tmp_path, SEED)
    for one, two in zip([story.history, *story.logs], [again.history, *again.logs], strict=True):
        assert one.read_bytes() == two.read_bytes()
    assert not np.array_equal(fleet_of(SEED)[0].messages, fleet_of(SEED + 1)[0].messages)


@pytest.mark.parametrize("hours", [(18, 20), (20, 22), (22, 24)])
def test_clients_stay_flat(fleet, hours):
    """As many talk in a minute of the evening as a week before, while messages rise several times."""
    first, end = minute_of(19, 0) + 60 * hours[0], minute_of(19, 0) + 60 * hours[1]
    week = 7 * 1440
    assert pytest.approx(1.0, abs=0.15) == talkers(fleet, first, end) / talkers(fleet, first - week, end - week)


def test_an_updated_client_sends_six_times_as_much(fleet):
    """Per minute in which it talks, against the apps that wait for their update, before anything fails."""
    sent = {True: [0, 0], False: [0, 0]}
    for talk in fleet:
        for is_updated, sums in sent.items():
            ours = (talk.minute >= RELEASED) & (talk.minute < CROSSED) & (talk.client < talk.region.cars)
            ours &= talk.is_updated == is_updated
            sums[0] += talk.messages[ours].sum()
            sums[1] += ours.sum()
    assert pytest.approx(6.0, abs=0.2) == (sent[True][0] / sent[True][1]) / (sent[False][0] / sent[False][1])


@pytest.mark.parametrize(
    ("expected", "day", "hour", "minute"),
    [(0.0, 19, 17, 30), (0.01, 19, 18, 40), (0.05, 19, 19, 50), (0.25, 19, 21, 0), (1.0, 19, 23, 0)],
)
def test_the_update_spreads_in_steps(fleet, expected, day, hour, minute):
    """The share of talking apps that have it, within an hour around."""
    first = minute_of(day, hour, minute)
    apps = updated = 0
    for talk in fleet:
        ours = (talk.minute >= first - 10) & (talk.minute < first + 10) & (talk.client < talk.region.cars)
        apps, updated = apps + ours.sum(), updated + talk.is_updated[ours].sum()
    assert pytest.approx(expected, abs=0.02 if expected < 0.1 else 0.05) == updated / apps


def test_nothing_fails_before_ten(story):
    """The first 500 comes at 22:00 or soon after."""
    first = datetime.fromtimestamp(story.first_failure_us / 1e6, UTC)
    assert datetime(2021, 11, 19, 22, 0, tzinfo=UTC) <= first <= datetime(2021, 11, 19, 22, 20, tzinfo=UTC)


def test_failures_bring_retries_and_end_at_three(fleet):
    """While the capacity is exceeded more is sent than the clients wanted; ten minutes after three all is well."""
    overload = overload_of(fleet, CROSSED)
    assert 0 == overload.failed[:CROSSED].max()
    assert overload.failed[CROSSED + 60 : RECOVERED - 60].min() > 0.05
    assert overload.again[CROSSED + 60 : RECOVERED - 60].min() > 0.05
    assert 0 == overload.failed[RECOVERED + 10 :].max()
    lines = lines_of(fleet[0], overload, np.random.default_rng(1))
    failing = (lines.filter(pl.col("status") == 500)["at"] // 60).to_numpy()
    assert CROSSED <= failing.min()
    assert failing.max() < RECOVERED + 10


def test_the_history_is_whole_and_usual(story):
    """One row per minute and service, and nothing strange in it."""
    table = pl.read_csv(story.history)
    assert ["timestamp", "service", "lines", "bytes", "clients"] == table.columns
    assert [RAW_FROM] * 3 == table.group_by("service").len()["len"].to_list()
    assert pytest.approx(3.15, abs=0.1) == int(table["lines"].sum()) / int(table["clients"].sum())
    assert (table["clients"] <= table["lines"]).all()


def test_lines_are_in_order_and_of_two_days(fleet):
    """As a server writes them."""
    at = lines_of(fleet[2], overload_of(fleet, CROSSED), np.random.default_rng(1))["at"].to_numpy()
    assert (np.diff(at) >= 0).all()
    assert RAW_FROM * 60 <= at[0]
    assert at[-1] < MINUTES * 60
