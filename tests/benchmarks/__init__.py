"""Measurements, each as a ratio to a named floor measured in the same run: `make bench`."""
