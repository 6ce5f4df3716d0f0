"""The path, in order; nothing else composes rooms.

    bytes -> lines -> records -> counts -> expected -> verdicts -> incidents -> causes
    sources  formats            windows   baseline    detect      incidents    explain

    opening.py  how the lines of a source are read; naming.py: which service and client they are of
    read.py     a block to partial counts: pure, runs on any thread; shares.py and crew.py: in other processes too
    gather.py   all sources to merged counts (stores.py); tables.py: Parquet and Arrow files, gridding.py: counts
                tables, records_tables.py: records that were parsed before
    signals.py  the signals of a service as rows
    walk.py     the days of one store in order, each by advance.py: judge a block, then learn from it
    versions.py versions of clients against each other at the same moment: version_counts.py counts them block by block,
                version_scene.py is what they did on a day, version_surges.py what lasts; version_walk.py: one incident
                with what they do to their service
    causes.py   what drives an incident; contributors.py: who holds its excess, by a second look (index.py: at which
                blocks, reference.py: at which times); verdict_table.py: the verdicts of all windows
    model.py    what was learned, stored and recalled

`backtest.py` walks it many times: planting.py puts surges into copies of a day, replay.py lives through them, rivals.py
are simpler rules beside it. `scan.py`, `learn.py`, `parse.py` (with pieces.py, joining.py, tabling.py and, for large
files, record_shares.py) and `recognize.py` walk the path, or a part of it, for one command each.
"""
