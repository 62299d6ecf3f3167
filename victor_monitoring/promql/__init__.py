"""PromQL as a tree: printer, parser and evaluator, with the standard library only."""
