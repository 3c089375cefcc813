"""The templates of the console's pages: everything foreign in them is escaped, and printable."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from conformance.journal.journal import JournalEntry
from conformance.report.html import LOOK
from dinie_contract.output import printable
from mock_server.console.exchanges import target_of
from mock_server.console.outcomes import STATUSES, outcomes_for_pages
from mock_server.console.sending import ADMIN_LOGIN
from mock_server.console.words import words_in
from mock_server.control.assets import VENDORED, Assets
from mock_server.control.navigation import CONSOLE_PATH, PAGES
from mock_server.control.policies import PAGE_POLICY
from mock_server.exchange.exchange import CONTROL_PATH
from mock_server.exchange.problems import Response
from openapi.contract import Contract

FILES = (
    *sorted((Path(__file__).parent / "assets").iterdir()),
    VENDORED / "htmx.org" / "dist" / "htmx.min.js",
    LOOK,
)
"""The scripts and style sheets of the pages."""

PAGE_HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": PAGE_POLICY,
    "Referrer-Policy": "same-origin",
}
"""The headers of every page. No script runs but the files of the mock itself."""


class Templates:
    """The pages' templates, which are loaded when the first page is asked for."""

    def __init__(self, contract: Contract, assets: Assets) -> None:
        self._contract = contract
        self._assets = assets

    @cached_property
    def _environment(self) -> Environment:
        environment = Environment(
            loader=PackageLoader("mock_server.console", "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=_visible,
        )
        environment.filters.update(_FILTERS)
        environment.globals.update(
            control=CONTROL_PATH,
            console=CONSOLE_PATH,
            asset=self._assets.url,
            contract=self._contract,
            sections=PAGES,
            outcomes=outcomes_for_pages(),
            statuses=STATUSES,
            admin_token=ADMIN_LOGIN,
        )
        return environment

    def page(
        self,
        name: str,
        headers: Mapping[str, str] | None = None,
        status: int = 200,
        **values: Any,
    ) -> Response:
        """The page of a template."""
        text = self._environment.get_template(f"{name}.html.j2").render(page=name, **values)
        media_type = "text/html; charset=utf-8"
        return Response(status, text.encode(), media_type, {**PAGE_HEADERS, **(headers or {})})


def _visible(value: Any) -> Any:
    """A value as a page shows it: no control character and no change of the writing direction."""
    return printable(value) if type(value) is str else value


def _clock_time(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%H:%M:%S.%f}"[:-3]


def _duration(seconds: float) -> str:
    """Seconds with three digits that count, in a unit that people read."""
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.3g} s"


def _span(seconds: float) -> str:
    """A difference of time without its sign: days, hours, minutes and seconds, if any."""
    left, parts = round(abs(seconds)), []
    for unit, name in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        count, left = divmod(left, unit)
        if count:
            parts.append(f"{count} {name}")
    return " ".join(parts) or "0 s"


def _pretty(text: str) -> str:
    """A JSON text with a member a line; any other as it is, and one that would be another value."""
    try:
        value = json.loads(text, object_pairs_hook=_without_repetitions, parse_float=_same_float)
        pretty = json.dumps(value, indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text
    # Deep nesting is mostly indentation.
    return pretty if len(pretty) < _MOST_GROWTH * len(text) + _SHORT else text


def _without_repetitions(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) < len(members):
        raise ValueError("a member stands twice")
    return found


def _same_float(text: str) -> float:
    if repr(float(text)) != text:
        raise ValueError("a number that would be written otherwise")
    return float(text)


_MOST_GROWTH, _SHORT = 5, 1000


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


class _Exact(str):
    """A text that is escaped for HTML and otherwise left as it is, for a script to read."""

    __slots__ = ()


def _tone(entry: JournalEntry) -> str:
    """The name of the colour of an exchange."""
    if entry.status is None or entry.status >= 500:  # noqa: PLR2004 - server errors
        return "bad"
    return "warn" if entry.status >= 400 else "good"  # noqa: PLR2004 - refusals


_FILTERS: Mapping[str, Callable[[Any], Any]] = {
    "clock_time": _clock_time,
    "duration": _duration,
    "json": _json,
    "pretty": _pretty,
    "span": _span,
    "exact": _Exact,
    "target": target_of,
    "tone": _tone,
    "words": words_in,
}
