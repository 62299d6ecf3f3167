"""Victor's own part: the registry module that its spec renders, and the collector of its components."""
