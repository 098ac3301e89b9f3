"""The paper's sizes, one experiment at a time: run, measured, and landed under metrics/paper/."""
