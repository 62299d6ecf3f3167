"""Alertmanager's configuration file, edited in place."""
