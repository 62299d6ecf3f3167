"""Kubernetes objects, and the Prometheus operator that selects them."""
