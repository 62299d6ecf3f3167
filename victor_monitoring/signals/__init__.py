"""Signals: their kinds, the PromQL that computes them, and their evaluation over samples.

Needs the standard library and `victor_monitoring.promql` alone. Each kind is one module of `kinds`.
"""
