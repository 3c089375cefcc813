"""The catalogue in words: what ``list`` and ``explain`` print."""

from collections.abc import Mapping
from itertools import groupby

from conformance.client.registry import ClientRequirement
from conformance.model import Requirement, Rule
from openapi.contract import Contract


def listing(requirements: Mapping[str, Rule]) -> str:
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


def explanation(requirement: Requirement | ClientRequirement, contract: Contract) -> str:
    """All that there is to know of one requirement."""
    operations = [one.name for one in contract.operations.values() if requirement.applies_to(one)]
    if isinstance(requirement, ClientRequirement):
        wanted = [
            ("judges", ["a client, by its journal"]),
            ("occasion", [requirement.occasion]),
            ("fault", [requirement.preset] if requirement.preset else ["none is needed"]),
        ]
    else:
        needs = sorted(one.value.removeprefix("needs ") for one in requirement.needs)
        wanted = [("needs", needs or ["nothing more than a token"])]
        if requirement.generates:
            told = "generated requests, and the same ones with the same --seed"
            wanted.append(("sends", [told]))
    rows = [
        ("rule", [requirement.summary]),
        ("level", [requirement.level.upper()]),
        ("source", [requirement.source]),
        ("applies to", operations or ["no operation of this contract"]),
        *wanted,
        ("catches", [one.name for one in requirement.sabotage]),
    ]
    lines = [requirement.id]
    for name, values in rows:
        for number, value in enumerate(values):
            lines.append(f"  {'' if number else name:<12}{value}")
    return "\n".join(lines)
