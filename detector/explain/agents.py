"""What a client says that it is, reduced to family and version: `Chrome 126`, `FleetApp/4.9.0`, `curl/8.5.0`."""

from __future__ import annotations

import polars as pl

LONGEST = 120
"""Characters of a version that is no user agent."""
BROWSERS = (
    ("Edge", r"Edg(?:e|A|iOS)?/([0-9]+)"),
    ("Opera", r"OPR/([0-9]+)"),
    ("Samsung Internet", r"SamsungBrowser/([0-9]+)"),
    ("Firefox", r"(?:Firefox|FxiOS)/([0-9]+)"),
    ("Chrome", r"(?:Chrome|CriOS)/([0-9]+)"),
    ("Safari", r"Version/([0-9]+)[0-9.]* (?:Mobile/[^ ]+ )?Safari/"),
)
"""In the order in which to ask: most of them claim to be those that come later too."""
ROBOT = r"compatible; ([A-Za-z][A-Za-z0-9_.-]*/[0-9][0-9A-Za-z.]*)"
PRODUCT = r"^([^ /;()]+/[^ ;()]+)"
"""The first product and its version (RFC 9110, 10.1.5)."""


def reduce_agents(agents: pl.Series) -> pl.Series:
    """The family and version of each client.

    Args:
        agents: String, n; user agents, or versions of any other kind, which stay as they are but for their length.

    Returns:
        String, n; null for null.
    """
    agent = pl.col("agent")
    browser = [pl.lit(name + " ") + agent.str.extract(pattern) for name, pattern in BROWSERS]
    claims = agent.str.starts_with("Mozilla/")
    known = pl.when(claims).then(pl.coalesce(agent.str.extract(ROBOT), *browser)).otherwise(agent.str.extract(PRODUCT))
    distinct = agents.unique()
    names = distinct.alias("agent").to_frame().select(pl.coalesce(known, agent).str.head(LONGEST)).to_series()
    return agents.replace_strict(distinct, names, return_dtype=pl.String)
