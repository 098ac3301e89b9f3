"""Studies of what each choice buys: variations of one experiment, run by DVC, and their table."""
