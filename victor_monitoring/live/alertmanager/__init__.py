"""An Alertmanager's own configuration file, edited in place."""
