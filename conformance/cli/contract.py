"""The contract that a command judges by, and what of it is left out."""

from pathlib import Path

from dinie_contract.output import complain
from openapi.contract import Contract

_MOST = 20
"""The most parts that are named one by one."""


def contract_to_judge_by(name: Path | None) -> Contract:
    """Read the contract, and tell on standard error what of it cannot be judged, and why."""
    contract = Contract.to_judge_by(name)
    for flaw in contract.flaws[:_MOST]:
        complain(f"{flaw.place} of the contract is left out: {flaw.reason}")
    if len(contract.flaws) > _MOST:
        complain(f"{len(contract.flaws) - _MOST} more parts of the contract are left out")
    return contract
