"""The HTTP API of Prometheus and of rulers, and findings about the rules that they run."""
