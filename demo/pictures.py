"""Make the pictures of the README from the running product: ``python -m demo.pictures``."""

import shutil
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
from playwright.sync_api import Browser, ViewportSize, sync_playwright

from demo.mock_process import MockProcess, mock_process

_DOCS = Path(__file__).parent.parent / "docs"
_SIZE: ViewportSize = {"width": 1100, "height": 640}

_RETRY_SECONDS = 0.4


def main() -> None:
    """Write ``docs/console.png`` and ``docs/report.png``."""
    program = shutil.which("chromium")
    if program is None:
        sys.exit("demo.pictures: there is no chromium on PATH; apt-get install chromium")
    with mock_process() as mock, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        _lose_an_answer(mock)
        _picture_console(browser, mock)
        mock.forget()
        _picture_report(browser, mock)
        browser.close()


def _lose_an_answer(mock: MockProcess) -> None:
    """A client that retries with the same key, after a lost answer and after a bad request."""
    headers = {"Authorization": f"Bearer {mock.token}"}
    with httpx.Client(base_url=mock.base_url, headers=headers, trust_env=False) as client:
        [partner] = client.get(f"{mock.origin}/_mock/partners").json()["data"]
        client.post(
            f"{mock.origin}/_mock/partners/{partner['id']}/faults",
            json={"preset": "lost-response"},
        ).raise_for_status()
        for number, body in enumerate([{"name": "Production Key"}, {"name": 7}]):
            key = {"Idempotency-Key": f"0f8fad5b-d9cb-469f-a165-70867728950{number}"}
            for _ in range(2):
                try:
                    client.post("/auth/credentials", json=body, headers=key)
                except httpx.TransportError:
                    time.sleep(_RETRY_SECONDS)
        client.get("/auth/credentials", params={"limit": 5})


def _picture_console(browser: Browser, mock: MockProcess) -> None:
    page = browser.new_page(viewport=_SIZE, base_url=mock.origin, bypass_csp=True)
    page.goto("/_mock/ui")
    page.get_by_role("link", name="Journal", exact=True).click()
    page.locator("#rows li").nth(1).locator("a").click()
    page.locator("#detail #exchange").wait_for()
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    page.screenshot(path=_DOCS / "console.png")
    page.close()


def _picture_report(browser: Browser, mock: MockProcess) -> None:
    """The report on a server that answers a replay differently."""
    module = [sys.executable, "-m"]
    with TemporaryDirectory(prefix="pictures-") as name:
        report = Path(name) / "report.html"
        upstream = ["--upstream", mock.base_url, "--token", str(mock.token)]
        fault = ["--requirement", _REQUIREMENT, "--sabotage", _SABOTAGE, "--port", "0"]
        proxy = subprocess.Popen(
            [*module, "dinie_contract.sabotaged", *upstream, *fault],
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        try:
            assert proxy.stdout is not None
            [url] = [word for word in proxy.stdout.readline().split() if word.startswith("http")]
            run = [*module, "conformance.cli", "run", "--url", url, "--token", str(mock.token)]
            subprocess.run([*run, "--report-html", str(report)], check=False, capture_output=True)
        finally:
            proxy.terminate()
            proxy.wait()
        page = browser.new_page(viewport=_SIZE, bypass_csp=True)
        page.goto(report.as_uri())
        page.screenshot(path=_DOCS / "report.png")
        page.close()


_REQUIREMENT = "idempotency.replay-is-identical"
_SABOTAGE = "change the answer on replay"


if __name__ == "__main__":
    main()
