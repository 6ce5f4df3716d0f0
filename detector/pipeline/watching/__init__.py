"""Near real time: what arrives is counted into windows, and judged as they close.

arrived -> counts -> open windows -> (watermark) -> closed windows -> verdicts -> incidents -> notices
intake.py                            intake.py      fleet.py                      watch.py

memory.py keeps all of it in one SQLite file, in one transaction for each batch of what arrived.
"""
