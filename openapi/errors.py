"""What is wrong with a contract, and where."""


class ContractError(Exception):
    """A contract that cannot be served.

    ``place`` is a file, a line of it, or a JSON pointer into the document; ``reason`` is one
    plain line.
    """

    def __init__(self, place: str, reason: str) -> None:
        self.place = place
        self.reason = " ".join(reason.split())
        super().__init__(f"{self.place}: {self.reason}")
