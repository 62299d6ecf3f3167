"""Kubernetes objects, read and written by kubectl, and the Prometheus operator that selects them."""
