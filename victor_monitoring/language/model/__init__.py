"""The spec as written: pydantic models that mirror the YAML, and findings about the mistakes in it."""
