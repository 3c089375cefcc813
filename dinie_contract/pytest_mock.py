"""Fixtures for tests of a partner's client: ``dinie_mock`` is a mock with a fresh partner.

Every pytest run of a user of the distribution loads this plugin, so it imports the mock only for a
test that uses it.
"""

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from dinie_contract.location import NameTaken, load

if TYPE_CHECKING:
    from mock_server.testing.embedded import MockServer
    from mock_server.testing.partner_mock import PartnerMock


@pytest.fixture(scope="session")
def dinie_mock_server() -> "Iterator[MockServer]":
    """One mock for all tests of a process; override it to serve with other settings."""
    with warnings.catch_warnings():
        # Warnings of the mock's libraries do not concern these tests.
        warnings.simplefilter("ignore")
        try:
            embedded, reason = load("mock_server.testing.embedded"), ""
        except NameTaken as error:
            embedded, reason = None, str(error)
    if embedded is None:
        pytest.fail(reason, pytrace=False)
    with embedded.running_mock() as server:
        yield server


@pytest.fixture
def dinie_mock(dinie_mock_server: "MockServer") -> "Iterator[PartnerMock]":
    """A new partner on the mock, deleted when the test is over."""
    partner = dinie_mock_server.new_partner()
    yield partner
    partner.delete()
