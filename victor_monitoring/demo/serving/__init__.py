"""A service that shows its spec at work: metrics, REST API, and signals and alerts as they stand."""
