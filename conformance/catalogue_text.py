"""The catalogue in words: what ``list`` and ``explain`` print."""

from collections.abc import Mapping
from itertools import groupby

from conformance.model import Requirement
from openapi.contract import Contract


def listing(requirements: Mapping[str, Requirement]) -> str:
    """Id, level and rule of each requirement, by section."""
    width = max(map(len, requirements), default=0)
    blocks = [
        "\n".join(
            [
                section,
                *(f"  {one.id:<{width}}  {one.level.upper():<6}  {one.summary}" for one in group),
            ]
        )
        for section, group in groupby(requirements.values(), lambda one: one.section)
    ]
    return "\n\n".join(blocks)


def explanation(requirement: Requirement, contract: Contract) -> str:
    """All that there is to know of one requirement."""
    operations = [one.name for one in contract.operations.values() if requirement.applies_to(one)]
    rows = [
        ("rule", [requirement.summary]),
        ("level", [requirement.level.upper()]),
        ("source", [requirement.source]),
        ("applies to", operations or ["no operation of this contract"]),
        ("needs", sorted(one.value.removeprefix("needs ") for one in requirement.needs)),
        ("catches", [one.name for one in requirement.sabotage]),
    ]
    if requirement.generates:
        rows.insert(-1, ("sends", ["generated requests, and the same ones with the same --seed"]))
    lines = [requirement.id]
    for name, values in rows:
        for number, value in enumerate(values or ["nothing more than a token"]):
            lines.append(f"  {'' if number else name:<12}{value}")
    return "\n".join(lines)
