"""What is wrong with a contract, and where."""


class ContractError(Exception):
    """A contract that cannot be served.

    ``place`` is a file, a line of it, or a JSON pointer into the document; ``reason`` is one
    plain line.
    """

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"{place}: {reason}")
        self.place = place
        self.reason = reason
