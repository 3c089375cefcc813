"""Paths of items: their shape, without the names of their parameters."""

import re

from openapi.operation import PATH_PARAMETER

_ENDING = re.compile(r"(\.json|\.xml)?/?$")
LAST_PARAMETER = re.compile(r"/\{\}$")
"""The end of the shape of an item's path."""


def shape_of(path: str) -> str:
    """A path without the names of its parameters, and without ``/`` or ``.json`` at its end."""
    return _ENDING.sub("", PATH_PARAMETER.sub("{}", path))
