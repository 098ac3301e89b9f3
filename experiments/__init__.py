"""Runs outside the default pipeline: paper scale, studies and recordings, with their results."""
