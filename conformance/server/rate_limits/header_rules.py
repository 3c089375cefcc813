"""The X-RateLimit headers: their names, and what may be in them."""

import re
import time

from conformance.probe.probe import NotVerified, expect
from conformance.target.exchange import Answer
from conformance.target.timestamps import http_date

HEADERS = "vendor facts: X-RateLimit-Limit, -Remaining and -Reset (Unix time) on every response"

LIMIT, REMAINING, RESET = "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"

NUMBER = re.compile(r"[0-9]{1,15}")

_CLOCKS_DIFFER_SECONDS = 300
_LONGEST_WINDOW_SECONDS = 400 * 24 * 3600


def expect_sense(answer: Answer) -> None:
    """The headers that are there are whole numbers that agree; without any nothing is verified."""
    numbers: dict[str, int] = {}
    for name in (LIMIT, REMAINING, RESET):
        text = answer.header(name)
        if text is None:
            continue  # another requirement's business
        expect(NUMBER.fullmatch(text), f"a whole number in {name}", "another text")
        numbers[name] = int(text)
    if not numbers:
        raise NotVerified("the answers have no X-RateLimit headers")
    if LIMIT in numbers and REMAINING in numbers:
        expect(
            numbers[REMAINING] <= numbers[LIMIT],
            f"at most the {numbers[LIMIT]} of {LIMIT} in {REMAINING}",
            f"{numbers[REMAINING]}",
        )
    if RESET in numbers:
        # The target's own time, where it says it (RFC 9110 section 6.6.1).
        ahead = numbers[RESET] - (http_date(answer.header("date")) or time.time())
        expect(
            -_CLOCKS_DIFFER_SECONDS <= ahead <= _LONGEST_WINDOW_SECONDS,
            f"a Unix time that is now or to come in {RESET}",
            f"{numbers[RESET]}",
        )
