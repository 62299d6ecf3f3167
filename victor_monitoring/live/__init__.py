"""Live systems: apply a context to them, and compare them with the spec."""
