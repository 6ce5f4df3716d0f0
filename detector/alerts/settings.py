"""The settings of notices: tables `[alerts]`, `[alerts.NAME]` and `[owners."pattern"]`, checked where they stand.

[alerts]
update_every = "5m"             # at most one update about an incident in this time
quiet = "15m"                   # what ended may come back for so long without a word
others = "digest"               # what pages nobody: "now", "digest" or "never"
digest_every = "1d"
keep = "30d"                    # what was sent or could not be, incidents that are over, markers, silences

[alerts.team]                   # a receiver; one table each
kind = "webhook"                # webhook, alertmanager, pagerduty, slack, email, heartbeat
url = "https://example.org/hook"
secret_env = "HOOK_SECRET"
severity = "warning"            # the least it wants to hear of
services = ["shop-*"]

[[alerts.maintenance]]
services = "shop-*"
from = 2026-07-15T20:00:00Z
until = 2026-07-15T22:00:00Z
reason = "move of the database"

[owners."shop-*"]
owner = "team shop"
runbook = "https://example.org/runbooks/shop"
receivers = ["team"]
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from detector.alerts.channels.table import CHANNELS
from detector.alerts.receiver import Receiver
from detector.alerts.rules import KEEP_US, Owner, Rules, Silence
from detector.alerts.secrets import open_to_others
from detector.config import parse_span, suggestion
from detector.errors import SettingsError

SECRETS = {"secret": "secret_file", "password": "secret_file", "token": "secret_file", "key": "secret_file",
           "routing_key": "secret_file"}  # fmt: skip
"""What people write first, and what is meant."""


class General(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The table `[alerts]`, receivers aside."""

    update_every: str = "5m"
    quiet: str = "15m"
    others: Literal["now", "digest", "never"] = "digest"
    digest_every: str = "1d"
    keep: str = "30d"


class Maintenance(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """One table `[[alerts.maintenance]]`."""

    from_: datetime
    until: datetime
    services: str = "*"
    reason: str = "maintenance"
    creator: str = "settings"


class OwnerTable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One table `[owners."pattern"]`."""

    owner: str | None = None
    runbook: str | None = None
    receivers: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """How notices are decided on, who gets them, and for how long they are kept."""

    rules: Rules = field(default_factory=Rules)
    receivers: tuple[Receiver, ...] = ()
    keep_us: int = KEEP_US

    def warnings(self) -> list[str]:
        """What is allowed and unwise: secrets that everybody on this machine can read."""
        files = {file for one in self.receivers for file, _ in one.secret_places()}
        return [warning for file in sorted(filter(None, files)) if (warning := open_to_others(file))]


def parse_alerts(tables: Mapping[str, object]) -> AlertSettings:
    """The settings from the tables `alerts` and `owners` of the settings files; what is not there has defaults.

    Raises:
        SettingsError: one line: which table, which key, what is wrong. It never tells a value that may be a secret.
    """
    alerts = _table(tables.get("alerts", {}), "alerts")
    owners = _table(tables.get("owners", {}), "owners")
    general = {key: value for key, value in alerts.items() if not isinstance(value, Mapping) and key != "maintenance"}
    receivers = tuple(_receiver(key, value) for key, value in alerts.items() if isinstance(value, Mapping))
    rules = _rules(_convert(general, General, "[alerts]"), alerts.get("maintenance", []), owners)
    _check_names(rules.owners, [one.name for one in receivers])
    keep_us = _span_us(str(general.get("keep", General().keep)), "keep")
    if keep_us < rules.keep_us:
        raise SettingsError(f"[alerts]: `keep`: {general['keep']} is too short; write 7d or more, such as 30d")
    return AlertSettings(rules, receivers, keep_us)


def _table(value: object, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise SettingsError(f"`{where}` must be a table, such as [{where}.NAME]")
    return value


def _rules(general: General, maintenance: object, owners: Mapping[str, Any]) -> Rules:
    spans = {name: _span_us(getattr(general, name), name) for name in ("update_every", "quiet", "digest_every")}
    if not isinstance(maintenance, list):
        raise SettingsError("`alerts.maintenance` must be a list of tables: write [[alerts.maintenance]]")
    return Rules(
        update_every_us=spans["update_every"], quiet_us=spans["quiet"], others=general.others,
        digest_every_us=spans["digest_every"], owners=tuple(_owner(key, value) for key, value in owners.items()),
        maintenance=tuple(_silence(one, number) for number, one in enumerate(maintenance, 1)),
    )  # fmt: skip


def _span_us(text: str, key: str) -> int:
    try:
        return round(parse_span(text) * 1e6)
    except SettingsError as error:
        raise SettingsError(f"[alerts]: `{key}`: {error}") from None


def _owner(services: str, value: object) -> Owner:
    where = f'[owners."{services}"]'
    one = _convert(_table(value, f'owners."{services}"'), OwnerTable, where)
    if one.runbook is not None:
        parts = urlsplit(one.runbook)
        if parts.scheme not in ("https", "http") or not parts.netloc or not one.runbook.isprintable():
            raise SettingsError(f"{where}: `runbook`: is no address; write such as https://example.org/runbooks/shop")
    return Owner(services, one.owner, one.runbook, one.receivers)


def _silence(value: object, number: int) -> Silence:
    where = f"[[alerts.maintenance]] number {number}"
    one = _convert(_table(value, "alerts.maintenance"), Maintenance, where)
    begin, end = map(_micros, (one.from_, one.until))
    if begin >= end:
        raise SettingsError(f"{where}: it ends before it begins")
    return Silence(one.services, end, one.reason, one.creator, begin, f"maintenance-{number}")


def _micros(at: datetime) -> int:
    return round((at if at.tzinfo is not None else at.replace(tzinfo=UTC)).timestamp() * 1e6)


def _receiver(name: str, value: Mapping[str, Any]) -> Receiver:
    where = f"[alerts.{name}]"
    kind = value.get("kind")
    if not isinstance(kind, str) or kind not in CHANNELS:
        near = suggestion(str(kind), CHANNELS) if kind is not None else ""
        raise SettingsError(f"{where}: `kind` must be one of {', '.join(CHANNELS)}{near}")
    rest = {key: one for key, one in value.items() if key != "kind"}
    if "name" in rest:
        raise SettingsError(f"{where}: unknown key `name`; the name of the table is that of the receiver")
    one: Receiver = _convert(rest | {"name": name}, CHANNELS[kind].settings, where)
    try:
        one.check()
    except SettingsError as error:
        raise SettingsError(f"{where}: {error}") from None
    return one


def _convert(values: Mapping[str, Any], wanted: type[Any], where: str) -> Any:
    """The values with their types."""
    known = [one.encode_name for one in msgspec.structs.fields(wanted)]
    for key in values:
        if key not in known:
            hint = SECRETS.get(key)
            near = f"; did you mean `{hint}`?" if hint in known else suggestion(key, known)
            raise SettingsError(f"{where}: unknown key `{key}`{near}")
    try:
        return msgspec.convert(dict(values), wanted)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{where}: {str(error).replace('`$.', '`')}") from None


def _check_names(owners: Iterable[Owner], names: list[str]) -> None:
    for one in owners:
        for name in one.receivers or ():
            if name not in names:
                raise SettingsError(
                    f'[owners."{one.services}"]: `receivers`: there is no [alerts.{name}]{suggestion(name, names)}'
                )
