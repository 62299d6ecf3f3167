"""Live systems: applying a context to them, and comparing them with the spec."""
