"""Durations as people write them: ``90s``, ``5m``, ``1h``."""

import re
from typing import Any

import click

_UNITS = {"s": 1, "m": 60, "h": 3600}


class Duration(click.ParamType[float]):
    """A number and its unit; gives seconds, more than none."""

    name = "DURATION"

    def convert(self, value: Any, param: Any, ctx: Any) -> float:
        if isinstance(value, float):
            return value
        found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", str(value).strip())
        seconds = float(found[1]) * _UNITS[found[2]] if found else 0.0
        if not seconds:
            self.fail("must be a duration such as 90s, 5m or 1h", param, ctx)
        return seconds


def told(seconds: float) -> str:
    """Such as ``1:02:03``; minutes and seconds where there is no hour."""
    minutes, rest = divmod(int(max(seconds, 0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
