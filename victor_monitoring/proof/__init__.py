"""Proof: the cases run by promtool against the rules as rendered, and the cases themselves put to the test.

The rules come as data, as they stand in the file: proof does not know how they are rendered.
"""
