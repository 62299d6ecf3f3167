"""The HTTP API of Grafana, and the dashboard that a context applies to it."""
