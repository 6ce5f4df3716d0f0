"""The answer of a scan, written down: one file per output format."""
