"""Victor's own part: the metric registry that its spec renders."""
