"""One file for each way to send a notice, and one line each in `table.py`."""
