"""Which service and which client a line is of: as the format says, or as the user says."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from detector.config import Settings, suggestion
from detector.errors import UsageError
from detector.formats.lines import Lines
from detector.schemas import RECORDS, TEXT

FIELDS = frozenset(column.name for column in RECORDS if column.dtype in (TEXT, pl.Int32())) - {"message", "source"}
"""Columns of Records that may name a service or a client."""


@dataclass(frozen=True, slots=True)
class Pick:
    """Where a name stands.

    Attributes:
        column: of Records; empty: `pattern` is tried on the line.
        pattern: regular expression (Rust's syntax, linear time), group `group` is the name.
    """

    column: str = ""
    pattern: str = ""
    group: int = 1


def pick_from(text: str | None, option: str) -> Pick | None:
    """What `--service FIELD|REGEX` or `--client FIELD|REGEX` means.

    Args:
        text: as given; None if it was not.
        option: `service` or `client`, also the name of the group that is taken if there are several.

    Raises:
        UsageError: it is neither a column nor a valid expression with a group.
    """
    if text is None:
        return None
    if text in FIELDS:
        return Pick(column=text)
    try:
        groups = pl.Series([""]).str.extract_groups(text).struct.fields
        pl.Series([""]).str.extract(text, 1)
    except pl.exceptions.ComputeError as error:
        cause = str(error).split("error: ")[-1].splitlines()[0]
        raise UsageError(f"--{option} {text!r}: no valid regular expression: {cause}") from None
    if not groups:
        hint = suggestion(text, FIELDS) or f"; fields are {', '.join(sorted(FIELDS))}"
        what = "neither a field nor a regular expression with a group, such as '^(\\w+)'"
        raise UsageError(f"--{option} {text!r}: {what}{hint}")
    return Pick(pattern=text, group=groups.index(option) + 1 if option in groups else 1)


@dataclass(frozen=True, slots=True)
class Names:
    """How services and clients are named.

    Attributes:
        service, client: where the user says that their names stand; None: as the format says.
        by_host: the service is split by host.
        all: all lines are this service's; None: they are not.
    """

    service: Pick | None = None
    client: Pick | None = None
    by_host: bool = False
    all: str | None = None

    @property
    def columns(self) -> frozenset[str]:
        """The columns of Records that naming needs."""
        picked = {pick.column for pick in (self.service, self.client) if pick is not None and pick.column}
        return frozenset(picked | ({"host"} if self.by_host else set()))


def names_from(settings: Settings) -> Names:
    """How the settings name services and clients.

    Raises:
        UsageError: `service` or `client` is neither a field nor an expression.
    """
    picks = pick_from(settings.service, "service"), pick_from(settings.client, "client")
    return Names(*picks, "host" in settings.by.split(","), settings.service_name)


def rename(frame: pl.DataFrame, lines: Lines, names: Names, stem: str) -> pl.DataFrame:
    """Put the names in `service` and `client`; where the user's place is empty, the format's name stays.

    Args:
        frame: n rows of Records.
        lines: where they were read.
        names: where the names stand.
        stem: the service of lines that do not say whose they are.
    """
    picked = {
        target: _coalesce(_picked(frame, lines, pick), frame, target)
        for target, pick in (("service", names.service), ("client", names.client))
        if pick is not None
    }
    if picked:
        frame = frame.with_columns(pl.Series(column).alias(target) for target, column in picked.items())
    if names.all is not None:
        return frame.drop("service", strict=False)  # the stem is that name
    if names.by_host and "host" in frame.columns:
        service = pl.col("service") if "service" in frame.columns else pl.lit(None, dtype=pl.String)
        split = service.fill_null(stem) + "@" + pl.col("host")
        return frame.with_columns(service=pl.coalesce(split, service))
    return frame


def _picked(frame: pl.DataFrame, lines: Lines, pick: Pick) -> pl.Series:
    if pick.column:
        known = pick.column in frame.columns
        return frame[pick.column].cast(pl.String) if known else pl.repeat(None, len(frame), dtype=pl.String, eager=True)
    found = lines.text.str.extract(pick.pattern, pick.group)
    return found.set(found == "", None)


def _coalesce(first: pl.Series, frame: pl.DataFrame, column: str) -> pl.Series:
    if column not in frame.columns:
        return first
    both = pl.DataFrame({"first": first, "second": frame[column]})
    return both.select(pl.coalesce("first", "second")).to_series()
