"""Verdicts to incidents: one per surge, from open to close."""
