"""Which incidents are one cause."""

from __future__ import annotations

from dataclasses import replace

from detector.causes import Cause, Contributor
from detector.pipeline.groups import tie
from detector.schemas import Incident

MINUTE = 60_000_000


def incident(name: str, start: int = 0, end: int | None = None, service: str = "") -> Incident:
    """One that was noticed after ten minutes."""
    ended = None if end is None else end * MINUTE
    return Incident(name, service or name, "lines", start * MINUTE, (start + 10) * MINUTE, ended, 9.0, 3.0, 2.0, MINUTE)


def cause(*values: tuple[str, str, float], kind: str = "messages_per_client") -> Cause:
    """Contributors by dimension, value and share."""
    found = [Contributor(dimension, value, 1.0, 2.0, share, 0, "") for dimension, value, share in values]
    return Cause(kind, None, None, None, contributors=tuple(found))


APP = ("version", "app/2", 0.9)


def groups(*pairs: tuple[Incident, Cause]) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Group and other services by id."""
    found = tie([one for one, _ in pairs], {one.id: each for one, each in pairs})
    return {key: (each.group, each.together) for key, each in found.items()}


def test_services_with_the_same_version_are_together():
    """However far apart they began, as long as one lasts when the other begins; the first noticed names the group."""
    found = groups((incident("c", 500), cause(APP)), (incident("a", 100), cause(APP)), (incident("b", 90), cause(APP)))
    assert {"a": ("b", ("b", "c")), "b": ("b", ("a", "c")), "c": ("b", ("a", "b"))} == found


def test_what_is_over_is_not_tied_to_what_comes_later():
    """Nor are incidents of one service to each other by what they share."""
    over = groups((incident("a", 0, 60), cause(APP)), (incident("b", 61), cause(APP)))
    assert {"a": ("a", ()), "b": ("b", ())} == over
    same = groups((incident("a", service="api"), cause(APP)), (incident("b", service="api"), cause(APP)))
    assert {"a": ("a", ()), "b": ("b", ())} == same


def test_the_same_status_ties_only_what_began_together_and_is_of_one_kind():
    """A value that many causes may share says nothing alone."""
    error = ("status", "500", 0.5)
    assert {"a": ("a", ("b",)), "b": ("a", ("a",))} == groups((incident("a"), cause(error)),
                                                             (incident("b", 9), cause(error)))  # fmt: skip
    alone = {"a": ("a", ()), "b": ("b", ())}
    assert alone == groups((incident("a"), cause(error)), (incident("b", 11), cause(error)))
    assert alone == groups((incident("a"), cause(error)), (incident("b"), cause(error, kind="clients")))
    assert alone == groups((incident("a"), cause(error)), (incident("b"), cause(("status", "500", 0.1))))


def test_what_was_tied_stays_tied():
    """An incident that was tied to one that is over and gone keeps its group, which whatever is tied to it takes on."""
    before = replace(cause(("status", "500", 0.5)), group="old", together=("gone",))
    found = groups((incident("a", 100), before), (incident("b", 40), cause(APP)), (incident("c", 105), cause(APP)))
    assert {"a": ("old", ("gone",)), "b": ("b", ("c",)), "c": ("b", ("b",))} == found
    both = groups((incident("a", 100), replace(before, contributors=cause(APP).contributors)),
                  (incident("b", 40), cause(APP)))  # fmt: skip
    assert {"a": ("old", ("b", "gone")), "b": ("old", ("a",))} == both


def test_ties_are_passed_on():
    """What is tied to something tied is tied."""
    host = ("host", "web1", 0.5)
    found = groups((incident("a"), cause(APP)), (incident("b", 3), cause(APP, host)), (incident("c", 6), cause(host)))
    assert {"a": ("a", ("b", "c")), "b": ("a", ("a", "c")), "c": ("a", ("a", "b"))} == found
