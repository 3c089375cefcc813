"""Why a target gives no answer; each message is one plain line."""


class TargetError(Exception):
    """The target cannot be reached, or stopped answering; the message is one plain line."""


class Unreachable(TargetError):
    """There is no connection to the target: nothing listens there, or not yet."""


class ConnectionClosed(TargetError):
    """The target closed the connection without a whole answer, and did so again.

    ``by_app`` is how an app in this process broke its answer off, where it is one.
    """

    def __init__(self, message: str, by_app: str = "") -> None:
        super().__init__(message)
        self.by_app = by_app


class AnswerCut(TargetError):
    """The run was stopped, and the answer to a request that was sent is not waited for."""


class HungUp(TargetError):
    """The request's own client closed the connection before it had the answer, as it was to."""


class TokenRefused(TargetError):
    """The target does not take a token, or the client id and secret that it is issued for."""


class AnswerOverdue(TargetError):
    """The target took the request, and no answer came in so many ``seconds``."""

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


class AnswerOutOfBounds(TargetError):
    """The target's answer had no end, or was too large; ``excess`` is what was seen of it."""

    def __init__(self, message: str, excess: str) -> None:
        super().__init__(message)
        self.excess = excess


class AllowanceSpent(TargetError):
    """No more may be sent, in number or in time: nothing that the target did."""
