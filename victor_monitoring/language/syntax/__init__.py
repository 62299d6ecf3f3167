"""The YAML of a spec, read into a tree with the position of every key and value."""
