"""Fixtures of the mock's tests."""

from collections.abc import Iterator

import httpx
import pytest

from demo.mock_process import MockProcess, mock_process
from mock_server.settings import Settings
from tests.mock_server.clients import (
    FIRST,
    SECOND,
    Client,
    Job,
    JobFactory,
    Judge,
    ManualClock,
    Partnered,
    Serving,
    WiredJob,
    serve,
    true_to_the_control_contract,
)


@pytest.fixture(scope="session")
def serving() -> Serving:
    """`with serving(settings, clock=...) as client:`, or with an application."""
    return serve


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def client(clock: ManualClock) -> Iterator[Client]:
    """A mock of its own, with two partners, on the manual clock."""
    with serve(Settings(partners=(FIRST, SECOND)), clock) as client:
        yield client


@pytest.fixture
def mock(client: Client) -> Partnered:
    return Partnered(client, FIRST)


@pytest.fixture
def other_partner(client: Client) -> Partnered:
    return Partnered(client, SECOND)


@pytest.fixture
def job(client: Client) -> Job:
    return Job(client)


@pytest.fixture
def other_job(client: Client) -> Job:
    return Job(client)


@pytest.fixture(scope="session")
def a_job() -> JobFactory:
    """`job = a_job(client)`."""
    return Job


@pytest.fixture(scope="session")
def judged() -> Judge:
    """`response = judged(client.get("/_mock/partners"))`: true to the control contract."""
    return true_to_the_control_contract


@pytest.fixture(scope="module")
def process() -> Iterator[MockProcess]:
    """A mock on a real socket, which the tests of a module share."""
    with mock_process() as mock:
        yield mock


@pytest.fixture
def wired(process: MockProcess) -> Iterator[WiredJob]:
    """A partner of that mock's own, on a connection of its own."""
    with httpx.Client(base_url=process.origin, timeout=30) as http:
        yield WiredJob(http)
