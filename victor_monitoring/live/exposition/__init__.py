"""What a target exposes, read with the place of every word, and held against a resolved spec."""
