"""The work of each command, as functions to import."""
