"""`learn`, and `scan` with what it learned."""

from __future__ import annotations

import pytest

from tests.cli.making import calm, surging


def test_what_was_learned_is_told_and_used(detector, quiet_place):
    """One sentence, and a folder that a scan takes."""
    answer = detector("learn", calm(quiet_place), "--model", "normal")
    assert (0, "") == (answer.code, answer.err)
    expected = "Learned 1 service from 3,001 lines, 1 Jul 2026 00:00 - 3 Jul 2026 02:00 UTC, stored in normal.\n"
    assert expected == answer.out
    assert (quiet_place / "normal").is_dir()
    assert 1 == detector("scan", surging(quiet_place), "--model", "normal").code


def test_a_model_needs_a_folder(detector, quiet_place):
    """The option is required."""
    answer = detector("learn", calm(quiet_place))
    assert (2, "error: Missing option '--model' (see `detector learn --help`)\n") == (answer.code, answer.err)


@pytest.mark.parametrize("arguments", [["gone.log"], ["empty.log"]])
def test_nothing_to_learn_from_gives_2(detector, quiet_place, arguments):
    """And leaves no model behind."""
    (quiet_place / "empty.log").touch()
    assert 2 == detector("learn", *arguments, "--model", "normal").code
    assert not (quiet_place / "normal").exists()
