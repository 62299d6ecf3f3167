"""The kinds of targets, one module each: its settings in the spec, and what is done with it."""
