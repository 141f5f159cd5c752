"""Measurements of speed and quality, apart from the tests. See README.md in this folder."""
