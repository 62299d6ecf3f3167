"""A simulated service: series for every metric of a spec, healthy or with a named fault."""
