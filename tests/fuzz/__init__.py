"""Damaged and random inputs for the readers of the product, judged by programs that know nothing of it."""
