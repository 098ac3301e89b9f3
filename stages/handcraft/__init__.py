"""Handcrafted features: what an engineer would measure of a dry and a compressed loop."""
