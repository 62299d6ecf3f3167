"""PromQL as a tree with reader, printer and evaluator, and the rules made of it; standard library only."""
