"""Inference: what is known of the values of an expression without samples."""
