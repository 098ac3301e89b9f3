"""Recordings in the place of rendered loops: see README.md."""
