"""A spec at work while one waits: simulated targets, Prometheus, Alertmanager, and somebody who is told."""
