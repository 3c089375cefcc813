"""Durations as people write them: ``90s``, ``5m``, ``1h30m``."""

import re
from typing import Any

import click

_UNIT_SECONDS = (3600, 60, 1)


class Duration(click.ParamType[float]):
    """Hours, minutes and seconds, each with its unit; gives seconds, more than none."""

    name = "DURATION"

    def convert(self, value: Any, param: Any, ctx: Any) -> float:
        if isinstance(value, float):
            return value
        found = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", str(value).strip())
        numbers = found.groups("0") if found else ()
        seconds = sum(
            int(number) * unit for number, unit in zip(numbers, _UNIT_SECONDS, strict=False)
        )
        if not seconds:
            self.fail("must be a duration such as 90s, 5m or 1h", param, ctx)
        return float(seconds)


def told(seconds: float) -> str:
    """Such as ``1:02:03``; minutes and seconds where there is no hour."""
    minutes, rest = divmod(int(max(seconds, 0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
