"""What the user is told when something given is wrong."""


class InputError(ValueError):
    """Something the user gave is wrong; the message names it, what was found and what is accepted."""
