"""The error that a user is meant to read."""


class InputError(ValueError):
    """Something that the user gave is wrong: the message names it, the value and the rule."""
