"""A spec at work: simulated targets, Prometheus, Alertmanager and a webhook receiver on this machine."""
