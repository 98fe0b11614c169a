"""Studies of single weights or modes, whose laws are known in closed form."""
