"""Counts to what is expected: what is remembered, the last hour and the same time on seven days, the model store."""
