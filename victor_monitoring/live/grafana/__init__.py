"""The HTTP API of Grafana, and the dashboard that is applied to it."""
