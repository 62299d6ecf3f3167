"""Diagnostics, artifacts, file writing and interruption: used by every part of the generator."""
