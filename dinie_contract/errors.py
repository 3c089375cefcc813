"""What a command cannot use."""


class Unusable(Exception):
    """Something that was given cannot be used: a file, an id, an address, an app.

    The message is one plain line that names it and the mend. A command ends with it and code 2.
    """
