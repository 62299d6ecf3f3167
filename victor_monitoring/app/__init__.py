"""The work of each command, as functions that others can import."""
