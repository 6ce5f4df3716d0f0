"""Incidents to causes: why a surge is one."""
