"""The HTTP API of Prometheus, rule groups, and findings about loaded rules and live series."""
