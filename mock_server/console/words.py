"""The words that a newcomer to the console cannot know, each in one sentence.

A page explains the words that stand on it, and no others.
"""

import re
from collections.abc import Mapping

WORDS: Mapping[str, str] = {
    "API key": "what a program logs in with: a client id, and a secret that is shown only once.",
    "idempotency key": (
        "a text that your program makes up for one thing to do, and sends with it. Sent again with"
        " the same key, the thing is still done only once. It is no API key: it opens nothing."
    ),
    "exchange": "one request of your program, and the answer to it.",
    "call": (
        "one thing that your program wants done: its first request for it, and each time that it"
        " tries again."
    ),
    "fault": "what you switch on to let the mock answer late, wrongly or not at all, on purpose.",
    "preset": "a fault, or several, that is ready to be switched on.",
    "curl": (
        "a program that sends a request from a command line. Paste the command into a terminal to"
        " do what the button does."
    ),
}
"""The words, and what each is."""

_TAG = re.compile(r"<[^>]*>")

_WORD = {word: re.compile(rf"\b{word}s?\b", re.IGNORECASE) for word in WORDS}


def words_in(page: str) -> dict[str, str]:
    """The words that a page in HTML shows, with what each is."""
    text = _TAG.sub(" ", page)
    return {word: WORDS[word] for word, pattern in _WORD.items() if pattern.search(text)}
