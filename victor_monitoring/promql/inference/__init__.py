"""Inference of labels, dimension, range and emptiness of an expression without samples."""
