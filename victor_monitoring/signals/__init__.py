"""Signals: what is read from metrics, how it is asked in PromQL and what values it can take.

A leaf: standard library only, nothing of ours is imported. One file per kind stands in `kinds`.
"""
