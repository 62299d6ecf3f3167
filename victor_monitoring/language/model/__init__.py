"""The spec as written: pydantic models that mirror the YAML, and how mistakes in it are told."""
