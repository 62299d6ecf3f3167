"""The kinds of case: every module of this package defines one."""
