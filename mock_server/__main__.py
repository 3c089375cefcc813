"""``python -m mock_server`` is ``dinie-mock``."""

from dinie_contract.commands import mock

mock()
