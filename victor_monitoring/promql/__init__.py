"""PromQL as a tree with printer and evaluator, and the rules made of it, with the standard library only."""
