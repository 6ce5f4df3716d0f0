"""The tables of the settings."""

from __future__ import annotations

import tomllib

import pytest

from detector.alerts import settings as module
from detector.alerts.channels.webhook import Webhook
from detector.alerts.rules import DAY_US, HOUR_US, MINUTE_US, Owner
from detector.alerts.secrets import SecretError, hide, read_secret
from detector.alerts.settings import AlertSettings, parse_alerts
from detector.errors import SettingsError


def parse(text: str) -> AlertSettings:
    """Settings from TOML."""
    return parse_alerts(tomllib.loads(text))


def test_the_example_in_the_module_is_valid():
    """What its docstring shows means what it says."""
    example = (module.__doc__ or "").split("\n\n", 1)[1]
    found = parse(example)
    assert (5 * MINUTE_US, 15 * MINUTE_US, DAY_US) == (
        found.rules.update_every_us, found.rules.quiet_us, found.rules.digest_every_us,
    )  # fmt: skip
    assert (Owner("shop-*", "team shop", "https://example.org/runbooks/shop", ("team",)),) == found.rules.owners
    assert 2 * HOUR_US == found.rules.maintenance[0].until_us - found.rules.maintenance[0].from_us
    expected = Webhook(
        name="team", url="https://example.org/hook", secret_env="HOOK_SECRET", severity="warning", services=("shop-*",)
    )
    assert (expected,) == found.receivers


def test_nothing_set_is_valid():
    """No receivers, the default rules."""
    assert AlertSettings() == parse_alerts({})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("alerts = 5", "`alerts` must be a table"),
        ("[alerts]\nquite = '5m'", "[alerts]: unknown key `quite`; did you mean `quiet`?"),
        ("[alerts]\nquiet = '5 parsecs'", "[alerts]: `quiet`: '5 parsecs' is no span of time"),
        ("[alerts]\nothers = 'later'", "[alerts]: Invalid enum value 'later' - at `others`"),
        ("[alerts.x]\nurl = 'https://a.example'", "[alerts.x]: `kind` must be one of webhook, alertmanager"),
        ("[alerts.x]\nkind = 'webhok'", "did you mean `webhook`?"),
        ("[alerts.x]\nkind = 'webhook'", "[alerts.x]: needs one of `url`, `url_file` and `url_env`"),
        ("[alerts.x]\nkind = 'webhook'\nurl = 'http://a.example'", "`url`: is not encrypted"),
        ("[alerts.x]\nkind = 'webhook'\nurl = 'https://a:b@a.example'", "`url`: it holds a password"),
        ("[alerts.x]\nkind = 'webhook'\nurl = 'https://a.example'\nsecret = 's3cr3t'", "did you mean `secret_file`?"),
        ("[alerts.x]\nkind = 'webhook'\nurl = 'https://a.example'\ntimeout = '1h'", "`timeout`: 1h is too long"),
        ("[alerts.x]\nkind = 'webhook'\nurl = 'https://a.example'\nallow_networks = ['x']", "'x' is no network"),
        ("[alerts.x]\nkind = 'slack'\nurl = 'https://hooks.example/T/s3cr3t'", "`url`: the address is a secret"),
        ("[alerts.x]\nkind = 'pagerduty'", "needs `secret_file` or `secret_env`"),
        ("[alerts.x]\nkind = 'alertmanager'\nurl = 'https://a.example'\nevery = '10m'", "`every`: is too long"),
        ("[alerts.x]\nkind = 'email'\nhost = 'a.example'\npassword = 's3cr3t'", "did you mean `secret_file`?"),
        ("[[alerts.maintenance]]\nfrom = 2026-01-02T00:00:00Z\nuntil = 2026-01-01T00:00:00Z", "ends before it begins"),
        ("[owners.'a*']\nreceivers = ['x']", '[owners."a*"]: `receivers`: there is no [alerts.x]'),
        ("[owners.'a*']\nrunbook = 'javascript:alert(1)'", "`runbook`: is no address"),
        ("[owners]\n'a*' = 'team'", "must be a table"),
    ],
)
def test_what_is_wrong_is_told_in_one_line_without_secrets(text, told):
    """Which table, which key, what to do."""
    with pytest.raises(SettingsError) as error:
        parse(text)
    assert told in str(error.value)
    assert "s3cr3t" not in str(error.value)
    assert "\n" not in str(error.value)


def test_secrets_come_from_files_and_the_environment(tmp_path):
    """White space around them is none of theirs; what is missing is told by place."""
    path = tmp_path / "secret"
    path.write_text(" s3cr3t\n")
    assert "s3cr3t" == read_secret(str(path), None, {}) == read_secret(None, "X", {"X": "s3cr3t "})
    assert read_secret(None, None, {}) is None
    for file, variable, told in ((str(tmp_path / "no"), None, "No such file"), (None, "X", "X is not set")):
        with pytest.raises(SecretError, match=told):
            read_secret(file, variable, {})


def test_a_secret_that_everybody_can_read_is_told(tmp_path):
    """A warning, which names the file."""
    path = tmp_path / "secret"
    path.write_text("s3cr3t")
    text = f"[alerts.x]\nkind = 'webhook'\nurl = 'https://a.example'\nsecret_file = '{path}'"
    path.chmod(0o600)
    assert [] == parse(text).warnings()
    path.chmod(0o644)
    assert [f"{path}: everybody can read this secret; chmod 600 {path}"] == parse(text).warnings()


def test_secrets_are_taken_out_of_what_is_told():
    """Whole addresses, their paths and queries, and each of several secrets."""
    url = "https://hooks.example/services/T0000001/abcdefgh?token=xyz1"
    told = f"ConnectError: {url} /services/T0000001/abcdefgh and abcdefgh and xyz1 one two2"
    hidden = hide(told, [url, "two2 three"])
    for part in ("T0000001", "abcdefgh", "token=xyz1", "two2"):
        assert part not in hidden
    assert "ConnectError" in hidden
