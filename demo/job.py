"""Start the mock, let the harness, the official SDK and Schemathesis use it, print the verdict."""

import time
from contextlib import nullcontext
from importlib.metadata import version

from rich.console import Console

from demo.display import print_findings, print_step, print_title
from demo.harness import HarnessDidNotRun, run_harness
from demo.mock_process import MockDidNotStart, MockProcess, mock_process
from demo.schemathesis_run import DEFAULT_EXAMPLES, SchemathesisDidNotRun, run_schemathesis
from demo.schemathesis_settings import SEED
from demo.sdk_journey import sdk_journey
from mock_server.partners.partners import Partner

__all__ = ["DEFAULT_EXAMPLES", "NoVerdict", "run"]


class NoVerdict(Exception):
    """The demonstration could not be held; the message is one plain line."""


def run(examples: int) -> bool:
    """Hold the demonstration on standard output; gives whether everything was as it should be.

    Raises :class:`NoVerdict` where the mock or a tool does not start.
    """
    console = Console(highlight=False, markup=False)
    start = time.perf_counter()
    first, second = Partner.make_up(), Partner.make_up()
    try:
        with mock_process("--partner", first.as_option(), "--partner", second.as_option()) as mock:
            print_title(console, mock.announcement.splitlines()[0], f"at {mock.base_url}")
            wrong = _use_harness(console, mock, first, second)
            wrong += _use_sdk(console, mock) + _use_schemathesis(console, mock, examples)
    except MockDidNotStart as error:
        raise NoVerdict(f"the mock did not start: {str(error).splitlines()[-1]}") from error
    except HarnessDidNotRun as error:
        raise NoVerdict(f"the harness did not run: {error}") from error
    except SchemathesisDidNotRun as error:
        raise NoVerdict(f"Schemathesis did not run: {error}") from error
    seconds = time.perf_counter() - start
    console.print()
    if wrong:
        console.print(f"BROKEN: {'; '.join(wrong)}", style="bold red", soft_wrap=True)
    else:
        told = "the harness, the SDK and Schemathesis found nothing wrong"
        verdict = f"CONFORMS: {told}, in {seconds:.0f} s"
        console.print(verdict, style="bold green", soft_wrap=True)
    return not wrong


def _use_harness(console: Console, mock: MockProcess, first: Partner, second: Partner) -> list[str]:
    """Print what the conformance harness says; gives the verdict's line where it is no pass."""
    print_title(console, "The conformance harness, every requirement")
    line, summary = run_harness(mock.base_url, first, second)
    conforms = summary["failed"] == summary["warnings"] == 0
    print_step(console, line, passed=conforms)
    return [] if conforms else [line]


def _use_sdk(console: Console, mock: MockProcess) -> list[str]:
    """Print every step as it happens; gives the names of those that failed."""
    print_title(console, f"The official SDK, dinie-sdk {version('dinie-sdk')}")
    failed = []
    for step in sdk_journey(mock.base_url, mock.client_id, mock.client_secret):
        print_step(console, step.name, step.detail, passed=step.passed)
        if not step.passed:
            failed.append(step.name)
    return failed


def _use_schemathesis(console: Console, mock: MockProcess, examples: int) -> list[str]:
    """Print what Schemathesis saw and found; gives what was wrong with it."""
    print_title(
        console,
        f"Schemathesis {version('schemathesis')}, every check and every phase",
        f"{examples} examples for each operation, seed {SEED}",
    )
    assert mock.token is not None, "a partner that is made up has a token"
    with console.status("It is running") if console.is_terminal else nullcontext():
        result = run_schemathesis(
            mock.base_url,
            token=mock.token,
            client_id=mock.client_id,
            client_secret=mock.client_secret,
            examples=examples,
        )
    return print_findings(console, result)
