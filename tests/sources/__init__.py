"""Tests of the room `detector/sources/`."""
