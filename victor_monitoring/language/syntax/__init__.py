"""From the text of a spec to a tree whose every key and value knows its place."""
