"""Texts that a target may send to keep the harness busy: none takes much more than its length."""

import re
from collections.abc import Callable
from time import thread_time

import pytest

from conformance.server.problems.disclosure import _INTERNALS
from conformance.target.foreign_answers import _plain
from conformance.target.json_documents import MOST_DEPTH, is_too_deep

_PIECES = (
    *'" \n\t\\([{</.:a0', r"\"", '"\\"', '""', "\r\n", "\n ", "at ", "at a(", "at a(b) in ",
    "at .js:", "\n at a (", "/a.go", "a.php", 'File "', "eyJ.", "<a ", "[{", r"\\",
)  # fmt: skip
_OPEN = "[" * MOST_DEPTH + "]" * MOST_DEPTH
_LENGTH = 3_000
_TIMES_AS_LONG = 8

_READERS: dict[str, Callable[[str], object]] = {
    "depth": lambda text: is_too_deep(_OPEN + text),
    "title": _plain,
    **{
        what: lambda text, pattern=pattern: re.search(pattern, text)
        for what, pattern in _INTERNALS.items()
    },
}


def _seconds(read: Callable[[str], object], text: str) -> float:
    begin = thread_time()
    read(text)
    return thread_time() - begin


@pytest.mark.parametrize("reader", _READERS)
def test_no_text_takes_more_time_than_its_length(reader: str) -> None:
    read = _READERS[reader]
    for piece in _PIECES:
        text = piece * (_LENGTH // len(piece))
        short = min(_seconds(read, text) for _ in range(3))
        long = min(_seconds(read, text * _TIMES_AS_LONG) for _ in range(2))
        # Ten milliseconds more are for a machine that is busy; a square would take 64 times.
        assert long < 3 * _TIMES_AS_LONG * short + 0.01, piece


@pytest.mark.parametrize(
    ("text", "deep"),
    [
        ('{"a": "' + "[" * 200 + '"}', False),
        ('"' + r"\"" * 50 + "[" * 200 + '"', False),
        ("[" * 101, True),
        ("[" * 100, False),
        ("[]" * 200, False),
        ('["a"' + ', {"b": [1]}' * 300 + "]", False),
        ('{"a":' * 101 + "1" + "}" * 101, True),
        (r'["\\"' + ", [" * 100 + "]" * 101, True),
        ('["' + "[" * 200, False),  # no document goes on after a string without an end
    ],
)
def test_brackets_outside_of_strings_are_counted(text: str, deep: bool) -> None:  # noqa: FBT001 - of a table
    assert is_too_deep(text) is deep
