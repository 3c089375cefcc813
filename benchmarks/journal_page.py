"""Scrolling through many rows of the journal: ``python -m benchmarks.journal_page``.

One mock, one Chromium, the page open while a client sends: a hundred exchanges, then ten thousand.
After each, the page is scrolled from its end to its start in steps, and a step, laid out and drawn,
is compared. Exits with 1 where a goal is missed.
"""

import itertools
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor

from playwright.sync_api import Page, sync_playwright
from rich.console import Console
from rich.table import Table

from benchmarks.commands import mock
from benchmarks.goals import Goal, tell
from benchmarks.load import run_load
from benchmarks.servers import running
from benchmarks.table import machine
from benchmarks.wire import create_request, is_created

FEW, MANY = 100, 10_000
BATCH = 500
"""Exchanges that are sent before the page is waited for: its journal holds a thousand."""

CONNECTIONS = 4
STEPS = 60
MOST_RATIO = 4.0
"""What lays out every row with each step would take a hundred times as long."""

_FRAMES = """async (steps) => {
    const rows = document.getElementById("rows"), height = rows.scrollHeight;
    const waits = [];
    let before = performance.now();
    for (let step = steps; step >= 0; step--) {
        rows.scrollTop = height * step / steps;
        await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
        waits.push(performance.now() - before);
        before = performance.now();
    }
    return waits.slice(1);
}"""
"""Scrolls from the end to the start; gives the milliseconds of each step, laid out and drawn."""


def scrolled(page: Page) -> list[float]:
    """The milliseconds of each step of scrolling through all rows."""
    page.locator("#pause").click()
    found: list[float] = page.evaluate(_FRAMES, STEPS)
    page.locator("#pause").click()
    return sorted(found)


def main() -> int:
    """Print the table and whether the goals hold; gives the exit code."""
    program = shutil.which("chromium")
    if program is None:
        sys.exit("benchmarks.journal_page: there is no chromium on PATH")
    rows: dict[int, list[float]] = {}
    with (
        running("mock", mock) as server,
        ThreadPoolExecutor(1) as threads,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(base_url=f"http://127.0.0.1:{server.port}")
        page.goto("/_mock/ui")
        page.get_by_role("link", name="Journal", exact=True).click()
        requests = itertools.repeat(create_request()).__next__
        sent = 0
        for goal in (FEW, MANY):
            while sent < goal:
                count = min(BATCH, goal - sent)
                # Not here: Playwright has an event loop running in this thread.
                load = threads.submit(
                    run_load, server.port, requests, count, CONNECTIONS, is_created
                )
                load.result()
                sent += count
                page.locator(f"#rows li[data-number='{sent}']").wait_for(state="attached")
            rows[goal] = scrolled(page)
        browser.close()
    table = Table("exchanges", "median step", "longest step", title=machine())
    for count, found in rows.items():
        table.add_row(f"{count}", f"{found[len(found) // 2]:.1f} ms", f"{found[-1]:.1f} ms")
    console = Console(highlight=False)
    console.print(table)
    few, many = (found[len(found) // 2] for found in rows.values())
    ratio = many / few
    finding = f"a step through {MANY} rows takes {ratio:.2f}x one through {FEW}"
    return tell(console, Goal(finding, f"at most {MOST_RATIO}x", ratio <= MOST_RATIO))


if __name__ == "__main__":
    sys.exit(main())
