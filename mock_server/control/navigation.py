"""Where the console is, and what the header of a page leads to."""

from collections.abc import Sequence

from mock_server.exchange.exchange import CONTROL_PATH

CONSOLE_PATH = f"{CONTROL_PATH}/ui"
"""Where the console begins."""

PAGES: Sequence[tuple[str, str, str]] = (
    ("start", "", "Start"),
    ("journal", "/journal", "Journal"),
    ("verdict", "/verdict", "Verdict"),
    ("faults", "/faults", "Faults"),
    ("state", "/state", "State"),
    ("partners", "/partners", "Partners"),
)
"""The pages of a partner: the name of each, its path under that of the partner, and its label."""
