"""The differences between two resolved specs, rules files or dashboards, and their effect on alerting."""
