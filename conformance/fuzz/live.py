"""The live view of a campaign: updated on a terminal, plain lines elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.live import Live
from rich.table import Table

from conformance.fuzz.campaign import Campaign
from conformance.fuzz.storage.finding import FindingKey
from conformance.report.text import ReportConsole
from conformance.results.timeline import format_elapsed

_SECONDS_BETWEEN_LINES = 10.0


class LiveView:
    """Shows a campaign while the block of :meth:`shown` lasts."""

    def __init__(self, console: ReportConsole, campaign: Campaign) -> None:
        self._console = console
        self._campaign = campaign
        self._last = time.monotonic()
        self._last_count = 0
        self._printed: set[FindingKey] = set()

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show the campaign until the block ends."""
        if not self._console.is_terminal:
            self._campaign.on_change = self._plain
            yield
            return
        with Live(console=self._console, transient=True, get_renderable=self._table) as live:
            self._campaign.on_change = live.refresh
            yield

    def _rows(self) -> dict[str, str]:
        campaign = self._campaign
        requests, elapsed = campaign.target.requests_sent, campaign.elapsed
        rate = requests / elapsed if elapsed else 0.0
        left = max(0.0, campaign.max_seconds - elapsed)
        pause = campaign.pace.pause
        return {
            "elapsed": f"{format_elapsed(elapsed)} of {format_elapsed(campaign.max_seconds)},"
            f" {format_elapsed(left)} left",
            "requests": f"{requests}, {rate:.0f} a second"
            + (f", slowed down to one in {pause:g} s" if pause else ""),
            "findings": f"{len(campaign.record.findings)}",
            "covered": campaign.record.coverage.line(),
        }

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 2))
        for name, value in self._rows().items():
            table.add_row(name, value)
        for finding in list(self._campaign.record.findings.values())[-5:]:
            table.add_row(
                finding.id, f"{finding.requirement} [{finding.operation}] {finding.state}"
            )
        return table

    def _plain(self) -> None:
        for finding in list(self._campaign.record.findings.values()):
            if finding.key not in self._printed:
                self._printed.add(finding.key)
                self._line(f"finding {finding.id}: {finding.requirement} [{finding.operation}]")
        if time.monotonic() - self._last >= _SECONDS_BETWEEN_LINES:
            self._last = time.monotonic()
            self._line("; ".join(f"{name} {value}" for name, value in self._rows().items()))

    def _line(self, text: str) -> None:
        self._console.print(text, soft_wrap=True, markup=False, highlight=False)
