"""The error of a contract that cannot be used; it is loaded without what reads one."""

import re

FILES = "x-files"
"""The member of a document with the other files of a contract, by their paths."""

_IN_FILE = re.compile(rf"#/{FILES}/([^/]+)(.*)")


class ContractError(Exception):
    """A contract cannot be used.

    ``place`` is a file, ``file:line``, or a JSON pointer into the document; ``reason`` is one
    line of text.
    """

    def __init__(self, place: str, reason: str) -> None:
        # What stands in another file is named by that file.
        found = _IN_FILE.match(place)
        name = found and found[1].replace("~1", "/").replace("~0", "~")
        self.place = f"{name}#{found[2]}" if found else place
        self.reason = " ".join(reason.split())
        super().__init__(f"{self.place}: {self.reason}")
