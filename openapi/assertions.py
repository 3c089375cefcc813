"""What schemas assert beyond JSON Schema: the formats of OpenAPI that the library does not know."""

import re
from collections.abc import Sequence
from typing import Any

FLOATING = "x-floating"
"""The keyword of a number that is of a binary format, ``float`` or ``double``."""

_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}", re.ASCII)

_BEYOND = {"float": 2**128 - 2**103, "double": 2**1024 - 2**970}
"""The least numbers that are rounded to infinity (IEEE 754): what is below is a number of it."""

_LARGEST = {"float": "3.4028235e38", "double": "1.7976931348623157e308"}


def is_base64(text: str) -> bool:
    """Whether a text is of the format ``byte``: base64 with its padding (RFC 4648 section 4)."""
    return len(text) % 4 == 0 and _BASE64.fullmatch(text) is not None


class Floating:
    """The assertion of :data:`FLOATING`, as the library calls it."""

    def __init__(self, _schema: dict[str, Any], name: object, _path: Sequence[str | int]) -> None:
        self._beyond, self._largest = _BEYOND.get(str(name)), _LARGEST.get(str(name))

    def validate(self, value: Any) -> None:
        """Raise ValueError for a number beyond the format."""
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if is_number and self._beyond and abs(value) >= self._beyond:
            raise ValueError(f"must be within -{self._largest} and {self._largest}")


ASSERTED_FORMATS = {"byte": is_base64}
ASSERTED_KEYWORDS: dict[str, Any] = {FLOATING: Floating}
"""The formats and the keywords that the library is given."""
