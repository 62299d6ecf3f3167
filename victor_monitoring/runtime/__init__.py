"""The library of the monitored service: a collector, signals and alerts, and routes for a registry module."""
