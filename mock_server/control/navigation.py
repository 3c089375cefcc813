"""Where the console is, what the header of a page leads to, and what is hidden behind both."""

from collections.abc import Iterator, Sequence

from mock_server.exchange.exchange import CONTROL_PATH
from openapi.contract import Contract
from openapi.errors import ContractError
from openapi.operation import Unserved
from openapi.paths import decoded

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

PROBE_PATHS = tuple(f"{CONTROL_PATH}/{name}" for name in ("health", "ready", "metrics"))
"""The paths of the probes, which are there also without a control plane."""


def hidden(contract: Contract, *, has_control: bool) -> Iterator[Unserved]:
    """The operations of a contract at whose paths the mock's own are, and what to do then."""
    for operation in contract.operations.values():
        path = decoded(contract.base_path + operation.path)
        if path in PROBE_PATHS:
            mend = "give the server's URL another path"
        elif has_control and path.startswith(f"{CONTROL_PATH}/"):
            mend = "serve with --no-control, or give the server's URL another path"
        else:
            continue
        reason = f"is at {path}, where the mock has a path of its own: {mend}"
        flaw = ContractError(operation.pointer, reason)
        yield Unserved(operation.path, operation.method, flaw)
