"""PromQL as a tree: printer, reader and evaluator, with the standard library only."""
