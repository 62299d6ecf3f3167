"""Live systems brought to what a spec says: planned, executed, undone where that fails, and read back."""
