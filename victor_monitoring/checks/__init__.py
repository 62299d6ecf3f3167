"""The checks: one module each, discovered by `check.all_checks`."""
