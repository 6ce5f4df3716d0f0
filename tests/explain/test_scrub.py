"""Secrets do not leave."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.explain.scrub import LONGEST, scrub

KEY = "AKIA" + "IOSFODNN7EXAMPLE"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N"
SECRETS = {
    "password=hunter2 ok": "hunter2",
    "DB_PASSWORD: 'hunter2 horse'": "horse",
    '{"password": "hunter2", "a": 1}': "hunter2",
    r'msg="{\"password\": \"hunter2\"}"': "hunter2",
    "GET /login?user=x&access_token=abc123def&b=2": "abc123def",
    "GET /a?api_key%3Dabc123 HTTP/1.1": "abc123",
    "Authorization: Bearer abc.def-ghi": "abc.def",
    "authorization: Basic dXNlcjpwYXNz": "dXNlcjpwYXNz",
    "sent bearer abcdef123456 to": "abcdef123456",
    "Cookie: a=b; session=xyz12": "xyz12",
    "set-cookie: sid=xyz12; Path=/": "xyz12",
    "postgres://root:s3cr3t@db/shop": "s3cr3t",
    f"jwt {JWT} expired": JWT,
    f"using {KEY} now": KEY,
    "clone ghp_" + "a1" * 18: "a1a1a1",
    "key sk-" + "a1B2" * 10: "a1B2a1B2",
    "mail to jane.doe@example.org bounced": "jane.doe",
    "GET /a?to=jane%40example.org": "jane",
    "card 4111 1111 1111 1111 declined": "1111 1111",
    "card 4111111111111111 declined": "4111111111111111",
    "reset /r/" + "aB3" * 14: "aB3aB3",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- x": "MIIE",
    "pin=1234": "1234",
    'password="my horse is ill': "ill",
    "password='my horse is ill": "ill",
}
HARMLESS = (
    '198.51.100.7 - - [19/Nov/2021:20:44:01 +0000] "POST /v1/unlock HTTP/1.1" 200 393 "-" "FleetApp/4.9.0"',
    "author: Bob, mapping: full, spinning = yes",
    "took 1700000000123456 us",
    "job 3f2504e0-4f89-11d3-9a0c-0305e82c3301 is done",
)


def clean(text: str) -> str:
    """One text, scrubbed."""
    found: str = scrub(pl.Series([text]))[0]
    return found


@pytest.mark.parametrize("text", SECRETS)
def test_secrets_are_hidden(text):
    """By their name, their look or their place."""
    assert SECRETS[text] not in clean(text)
    assert "***" in clean(text)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_secret_stays(text):
    """An ordinary line is not touched."""
    assert text == clean(text)


def test_nothing_stays_nothing():
    """A missing text stays missing."""
    assert [None, ""] == scrub(pl.Series([None, ""], dtype=pl.String)).to_list()


@given(st.text(max_size=200))
def test_any_text_can_be_scrubbed(text):
    """No text fails, and none grows much."""
    assert len(clean(text)) <= 4 * len(text) + 8


@pytest.mark.parametrize("unit", ["a", "password", "=", "a@", "://", "-----BEGIN PRIVATE KEY-----", "eyJ", '"'])
def test_hostile_texts_are_cut(unit):
    """Only the beginning is looked at, so no text takes long."""
    assert len(clean(unit * (1_000_000 // len(unit)))) <= 4 * LONGEST
