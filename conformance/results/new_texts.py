"""Texts of requests that are new in each of them, for a target may take each but once."""

import re
from collections.abc import Iterator, Mapping

from conformance.probe.plain_requests import NAME_PREFIX
from dinie_contract.output import SECRETS

_NEW = re.compile(
    rf"(?:(?<={NAME_PREFIX}[ +-])|(?<={NAME_PREFIX}%20))(?P<name>[0-9a-f]{{12}})(?![0-9a-f])"
    rf"|(?<![\w.%\\-])(?!{NAME_PREFIX}-)[A-Za-z0-9][A-Za-z0-9_.-]{{5,99}}"
)
"""The end of a new name, and any word that may be another new text."""


def new_in(text: str, new: Mapping[str, int]) -> Iterator[tuple[re.Match[str], int]]:
    """Where a text has the end of a new name, or one of the ``new`` texts, which are words.

    With each is the number of its last characters that are others in another one.
    """
    for found in _NEW.finditer(text):
        changed = len(found[0]) if found["name"] else new.get(found[0], 0)
        if changed and SECRETS.redact(found[0]) == found[0]:
            yield found, changed
