"""Applying a spec to live systems: planning, execution, undo after a failure, and verification."""
