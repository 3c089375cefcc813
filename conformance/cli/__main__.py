"""``python -m conformance.cli`` is ``dinie-conformance``."""

from dinie_contract.commands import conformance

conformance()
