"""Bytes to records: one small file per log format, each with its own samples; `sniff.py` picks one."""
