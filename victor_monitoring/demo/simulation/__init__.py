"""A service that exists in its spec only: series for every metric, healthy or with a named fault."""
