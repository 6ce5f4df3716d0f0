"""The outage of 19 November 2021 as logs, to try the program on: a story with a known truth, drawn from a seed."""
