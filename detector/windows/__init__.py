"""Records to counts per service and window, in event time."""
