"""Near real time: what arrives is counted into windows, and judged as they close.

arrived -> counts -> open windows -> (watermark) -> closed windows -> verdicts -> incidents -> notices
intake.py                            intake.py      fleet.py                      watch.py

loads.py and foreseeing.py tell how long is left, trails.py and asking.py who holds the excess, versions.py and
joining.py which version talks more than the others.

memory.py keeps all of it in one SQLite file, in one transaction for each batch of what arrived.
"""
