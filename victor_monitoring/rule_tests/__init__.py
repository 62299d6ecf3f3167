"""The cases in which every alert of a spec is tried, derived from the resolved spec without its PromQL.

A layer of its own below renderers and proof: the one renders the cases, the other runs them.
"""

from __future__ import annotations
