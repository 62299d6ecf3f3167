"""Rule tests: cases for every alert of a spec, derived from the resolved spec and run by promtool.

The renderer `tests` writes the cases to a file; `promtool.py` and `mutation_run.py` run them.
"""

from __future__ import annotations
