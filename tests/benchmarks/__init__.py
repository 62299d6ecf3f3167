"""Measurements, each as a ratio against a named floor in one run: `make bench`."""
