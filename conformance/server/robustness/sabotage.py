"""Sabotage: targets that fail, or hang up, on requests with something odd in them."""

from collections.abc import Callable

from conformance.catalogue.sabotage import Sabotage, fail_on, on_answers
from conformance.target.errors import AnswerOutOfBounds, ConnectionClosed
from conformance.target.exchange import Answer, Request


def fail_on_body(name: str, *parts: bytes) -> Sabotage:
    """Fail on bodies that hold one of these parts."""
    return fail_on(name, lambda request: any(part in request.body for part in parts))


def fail_on_header(name: str, what: str, on: Callable[[str], object]) -> Sabotage:
    """Fail on a header whose value ``on`` picks; ``what`` says what is in it."""

    def has(request: Request) -> bool:
        values = (value for key, value in request.headers if key.lower() == name.lower())
        return any(on(value) for value in values)

    return fail_on(f"{what} in {name}", has)


def hang_up(name: str, on: Callable[[Request], object]) -> Sabotage:
    """Close the connection on the requests that ``on`` picks."""

    def change(request: Request, answer: Answer) -> Answer:
        if on(request):
            raise ConnectionClosed("the connection was closed")
        return answer

    return on_answers(f"hang up on {name}", change)


def never_end(name: str, on: Callable[[Request], object]) -> Sabotage:
    """Answer without an end to the requests that ``on`` picks."""

    def change(request: Request, answer: Answer) -> Answer:
        if on(request):
            excess = f"an answer without an end (status {answer.status})"
            raise AnswerOutOfBounds(f"the target gives {excess}", excess)
        return answer

    return on_answers(f"answer without an end to {name}", change)
