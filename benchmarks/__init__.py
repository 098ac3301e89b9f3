"""How fast each heavy step is, beside what a user would pick instead."""
