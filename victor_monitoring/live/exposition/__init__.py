"""Expositions of scrape targets: fetched, parsed with positions, and compared with a resolved spec."""
