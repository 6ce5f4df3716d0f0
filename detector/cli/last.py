"""The report of the last scan, kept for `detector explain`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import mkstemp
from typing import TYPE_CHECKING

from detector.cli.places import state_folder
from detector.errors import InputError

if TYPE_CHECKING:
    from detector.config import Settings
    from detector.report.shape import KeptShape
    from detector.schemas import ScanResult

NAME = "last-scan.json"
MOST_INCIDENTS = 1000
"""The strangest are kept."""


def keep(result: ScanResult, settings: Settings, environment: Mapping[str, str]) -> None:
    """Store the report; a scan never fails by that, so nothing is said if it cannot be.

    Only the user may read it, since it may quote logs. It appears whole or not at all.
    """
    folder = state_folder(environment)
    if folder is None:
        return
    with suppress(Exception):  # a convenience for later: whatever is wrong with it, the answer stands
        _replace(folder, _encode(result, settings))


def _encode(result: ScanResult, settings: Settings) -> bytes:
    import msgspec

    from detector.report.shape import BudgetsShape, KeptShape, shape_scan

    scan = msgspec.structs.asdict(shape_scan(result))
    scan["incidents"] = sorted(scan["incidents"], key=lambda one: -one.score)[:MOST_INCIDENTS]
    told = {one.service: settings.told("incident_budget", one.service, None) for one in scan["incidents"]}
    own = {service: budget for service, budget in told.items() if budget is not None}
    budgets = BudgetsShape(settings.budget, settings.incident_budget, own)
    return msgspec.json.encode(KeptShape(**scan, settings=budgets))


def _replace(folder: Path, data: bytes) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    number, part = mkstemp(dir=folder, prefix=f"{NAME}.")
    try:
        with open(number, "wb") as sink:
            sink.write(data)
        os.replace(part, folder / NAME)
    except BaseException:
        os.unlink(part)
        raise


def recall(path: str | None, environment: Mapping[str, str]) -> KeptShape:
    """A report by its name, or that of the last scan.

    Raises:
        InputError: it is not there, or is no report.
    """
    folder = state_folder(environment)
    if path is None and (folder is None or not (folder / NAME).exists()):
        raise InputError("no scan is remembered: run detector scan first, or name a report with --report FILE")
    named = path if path is not None else f"{folder}/{NAME}"
    try:
        return _decode(Path(named).read_bytes(), named)
    except OSError as error:
        raise InputError(f"{named}: cannot be read: {error.strerror}") from None


def _decode(data: bytes, name: str) -> KeptShape:
    import msgspec

    from detector.report.shape import SCHEMA, KeptShape

    try:
        report = msgspec.json.decode(data, type=KeptShape)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{name}: is no report of detector scan --format json: {error}") from None
    if report.schema != SCHEMA:
        raise InputError(f"{name}: is a report of another version: {report.schema} instead of {SCHEMA}")
    return report
