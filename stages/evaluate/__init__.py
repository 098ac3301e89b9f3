"""Errors of every experiment: random forests by each protocol, beside what they must beat."""
