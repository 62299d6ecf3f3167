"""The spec: its syntax, its model as written, and the resolved form that all artifacts are rendered from."""
