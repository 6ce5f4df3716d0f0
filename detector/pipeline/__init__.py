"""The path, in order; nothing else composes rooms.

    bytes -> lines -> records -> counts -> expected -> verdicts -> incidents -> causes
    sources  formats            windows   baseline    detect      incidents    explain

`read.py` is pure and runs on any thread: a block to partial counts. `advance.py` runs in order of event time: the
counts of a day to verdicts and incidents. `scan.py` and its neighbours walk the path for one command each.
"""
