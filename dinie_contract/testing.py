"""The mock in a test or program without pytest."""

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from dinie_contract.location import load

if TYPE_CHECKING:
    from mock_server.testing.partner_mock import PartnerMock


def dinie_mock() -> "AbstractContextManager[PartnerMock]":
    """A mock with a fresh partner, served in a thread until the block ends.

    Raises :class:`~dinie_contract.location.NameTaken` where another package has one of our names.
    """
    mock: AbstractContextManager[PartnerMock] = load("mock_server.testing.embedded").dinie_mock()
    return mock
