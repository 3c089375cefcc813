"""``dinie-conformance list`` and ``explain``: the catalogue as text."""

from collections.abc import Mapping
from itertools import groupby

import click

from conformance.catalogue.requirement import Requirement, Rule
from conformance.catalogue.selection import find
from conformance.client.registry import ClientRequirement
from conformance.client.requirements import client_catalogue
from conformance.server import catalogue
from dinie_contract.output import echo
from openapi.contract import Contract


def explanation(requirement: Requirement | ClientRequirement, contract: Contract) -> str:
    """The text of ``explain``: all properties of one requirement."""
    operations = [one.name for one in contract.operations.values() if requirement.applies_to(one)]
    if isinstance(requirement, ClientRequirement):
        details = [
            ("judges", ["a client, by its journal"]),
            ("occasion", [requirement.occasion]),
            ("fault", [requirement.preset] if requirement.preset else ["none is needed"]),
        ]
    else:
        needs = sorted(one.value.removeprefix("needs ") for one in requirement.needs)
        details = [("needs", needs or ["nothing more than a token"])]
        if requirement.generates:
            sends = "generated requests, and the same ones with the same --seed"
            details.append(("sends", [sends]))
    rows = [
        ("rule", [requirement.summary]),
        ("level", [requirement.level.upper()]),
        ("source", [requirement.source]),
        ("applies to", operations or ["no operation of this contract"]),
        *details,
        ("catches", [one.name for one in requirement.sabotage]),
    ]
    lines = [requirement.id]
    for name, values in rows:
        for number, value in enumerate(values):
            lines.append(f"  {'' if number else name:<12}{value}")
    return "\n".join(lines)


@click.command("list")
@click.option("--client", is_flag=True, help="The requirements on clients.")
def list_command(*, client: bool) -> None:
    """Show every requirement: id, level and rule, by section."""
    requirements: Mapping[str, Rule] = client_catalogue() if client else catalogue()
    width = max(map(len, requirements))
    for number, (section, group) in enumerate(
        groupby(requirements.values(), lambda one: one.section)
    ):
        echo(f"\n{section}" if number else section)
        for one in group:
            echo(f"  {one.id:<{width}}  {one.level.upper():<6}  {one.summary}")


@click.command("explain")
@click.argument("requirement_id", metavar="ID")
def explain_command(requirement_id: str) -> None:
    """Show all that there is to know of one requirement, on a server or a client."""
    known: dict[str, Requirement | ClientRequirement] = {**catalogue(), **client_catalogue()}
    echo(explanation(find(known, requirement_id), Contract.bundled()))
