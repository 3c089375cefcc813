"""The mock embedded in another program: a server in a thread, on a free port."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from conformance.journal.journal import JournalEntry
from mock_server.app import create_app, load_contract
from mock_server.serving.server import AnnouncingServer, ServingError, bind, uvicorn_options
from mock_server.serving.shutdown import ShutdownFlag
from mock_server.settings import Settings
from mock_server.testing.partner_mock import Control, PartnerJournal, PartnerMock

_START_SECONDS = 30


class MockServer:
    """A running mock, its contract and its control plane."""

    def __init__(self, origin: str, settings: Settings) -> None:
        self.origin = origin
        self.contract = load_contract(settings)
        self.control = Control(origin, settings.admin_token)

    def unattributed_entries(self) -> list[JournalEntry]:
        """The exchanges that no partner is known for."""
        return PartnerJournal(self.control, "/journal").entries()

    def new_partner(self) -> PartnerMock:
        """Make a fresh partner, isolated from all others."""
        return PartnerMock.fresh(self.control, self.contract)


@contextmanager
def running_mock(settings: Settings | None = None) -> Iterator[MockServer]:
    """Serve in a thread until the block ends.

    Raises :class:`ServingError`, and what :func:`mock_server.app.create_app` raises.
    """
    settings = settings or Settings()
    app = create_app(settings)
    with bind("127.0.0.1", 0) as listeners:
        ready = threading.Event()
        config = uvicorn.Config(app, **uvicorn_options())
        server = AnnouncingServer(config, ready.set, ShutdownFlag())
        thread = threading.Thread(
            target=server.run, args=[listeners], name="dinie-mock", daemon=True
        )
        thread.start()
        deadline = time.monotonic() + _START_SECONDS
        while not ready.wait(0.05):
            if not thread.is_alive() or time.monotonic() > deadline:
                raise ServingError("the mock did not start")
        running = MockServer(f"http://127.0.0.1:{listeners[0].getsockname()[1]}", settings)
        try:
            yield running
        finally:
            running.control.close()
            server.should_exit = True
            thread.join()


@contextmanager
def dinie_mock() -> Iterator[PartnerMock]:
    """Run a mock with a fresh partner until the block ends."""
    with running_mock() as server:
        yield server.new_partner()
