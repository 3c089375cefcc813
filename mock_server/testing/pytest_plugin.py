"""Fixtures for tests of a partner's client: ``dinie_mock`` is a mock with a fresh partner."""

import importlib
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from mock_server.testing.embedded import MockServer
    from mock_server.testing.partner_mock import PartnerMock


@pytest.fixture(scope="session")
def dinie_mock_server() -> "Iterator[MockServer]":
    """One mock for all tests of a process; override it to serve with other settings."""
    with warnings.catch_warnings():
        # What the libraries of a mock have to say is no business of these tests.
        warnings.simplefilter("ignore")
        # By name: every run of pytest loads this plugin, few want a mock.
        embedded = importlib.import_module("mock_server.testing.embedded")
    with embedded.running_mock() as server:
        yield server


@pytest.fixture
def dinie_mock(dinie_mock_server: "MockServer") -> "Iterator[PartnerMock]":
    """A partner of one's own on the mock, gone when the test is over."""
    partner = dinie_mock_server.new_partner()
    yield partner
    partner.delete()
