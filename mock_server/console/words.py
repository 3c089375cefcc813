"""The words that a newcomer to the console cannot know, each in one sentence.

A page explains the words that stand on it, and no others.
"""

import re
from collections.abc import Mapping

from mock_server.faults.presets import ABOUT

WORDS: Mapping[str, str] = {
    "API key": "what a program logs in with: a client id, and a secret that is shown only once.",
    "idempotency key": (
        "a text that your program makes up for one thing to do, and sends with it. Sent again with"
        " the same key, the thing is still done only once. It is no API key: it opens nothing."
        " Where a rule of the verdict says key alone, it is this one."
    ),
    "partner": (
        "a customer of the API, with an id, a secret and limits of its own. Your program is one."
    ),
    "exchange": "one request of your program, and the answer to it.",
    "call": (
        "one thing that your program wants done: its first request for it, and each time that it"
        " tries again."
    ),
    "fault": "what you switch on to let the mock answer late, wrongly or not at all, on purpose.",
    "replayed": (
        "answered with what was answered before to a request with the same idempotency key:"
        " nothing was done again."
    ),
    "refused": "the request is wrong by the contract; the reason stands beside it.",
    "MUST": "a rule that a client has to keep. One that is broken fails it.",
    "SHOULD": (
        "a rule that a client has to keep, unless there is a good reason. One that is broken is a"
        " warning."
    ),
    "preset": "a fault, or several, that is ready to be switched on.",
    "curl": (
        "a program that sends a request from a command line. Paste the command into a terminal to"
        " do what the button does."
    ),
}
"""The words, and what each is."""

_TAG = re.compile(r"<[^>]*>")

# How a page may say a word for short.
_SHORT = {"idempotency key": "(?<!API )key"}

_WORD = {
    word: re.compile(
        rf"\b{_SHORT.get(word, word)}s?\b", re.NOFLAG if word.isupper() else re.IGNORECASE
    )
    for word in WORDS
}

# As exchanges name it: alone, the name of a preset may be any other word.
_FIRED = {name: re.compile(rf"\bfault {name}\b") for name in ABOUT}


def words_in(page: str) -> dict[str, str]:
    """The words that a page in HTML shows, with what each is."""
    text = _TAG.sub(" ", page)
    found = {word: WORDS[word] for word, pattern in _WORD.items() if pattern.search(text)}
    fired = {name: ABOUT[name] for name, pattern in _FIRED.items() if pattern.search(text)}
    return found | fired
