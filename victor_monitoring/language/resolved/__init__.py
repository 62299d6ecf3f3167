"""The resolved spec: every reference followed, every quantity in base units, for base or one context."""
