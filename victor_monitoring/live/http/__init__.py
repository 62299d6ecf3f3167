"""HTTP with deadlines, limits and retries."""
