"""Evaluation: expressions compiled into functions that run over samples, with the semantics of Prometheus."""
