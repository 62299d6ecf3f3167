"""The spec: its syntax, its model as written, and the resolved form that everything is rendered from."""
