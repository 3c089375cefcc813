"""``dinie-conformance list`` and ``explain``: the catalogue as text."""

from collections.abc import Mapping
from itertools import groupby
from pathlib import Path

import click

from conformance.catalogue.requirement import Requirement
from conformance.catalogue.selection import find
from conformance.cli.contract import contract_to_judge_by
from conformance.cli.option_types import takes_options
from conformance.client.registry import ClientRequirement
from conformance.client.requirements import client_catalogue
from conformance.server import catalogue
from dinie_contract.output import echo
from openapi.contract import Contract
from openapi.operation import Operation

NO_OPERATION = "no operation of this contract"

AnyRequirement = Requirement | ClientRequirement


def operations_of(requirement: AnyRequirement, contract: Contract) -> list[Operation]:
    """The operations of a contract that a requirement applies to."""
    return [one for one in contract.operations.values() if requirement.applies_to(one)]


def _with_level(name: str, requirement: AnyRequirement, operation: Operation) -> str:
    """An operation, with the level of the requirement on it where that is another one."""
    level = requirement.level_on(operation)
    return name if level is requirement.level else f"{name} (a {level.upper()})"


def explanation(requirement: AnyRequirement, contract: Contract) -> str:
    """The text of ``explain``: all properties of one requirement."""
    applying = operations_of(requirement, contract)
    operations = [_with_level(one.name, requirement, one) for one in applying]
    sources = dict.fromkeys(map(requirement.source_on, applying))
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
        ("source", [*sources] or [requirement.source]),
        ("applies to", operations or [NO_OPERATION]),
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
@takes_options("list", reports=False)
def list_command(contract: Path | None, *, client: bool) -> None:
    """Show every requirement: id, level and rule, by section.

    With --contract also the operations of it that each applies to, or none.
    """
    requirements: Mapping[str, AnyRequirement] = client_catalogue() if client else catalogue()
    read = contract_to_judge_by(contract) if contract else None
    width = max(map(len, requirements))
    for number, (section, group) in enumerate(
        groupby(requirements.values(), lambda one: one.section)
    ):
        echo(f"\n{section}" if number else section)
        for one in group:
            echo(f"  {one.id:<{width}}  {one.level.upper():<6}  {one.summary}")
            if read:
                names = ", ".join(_with_level(of.id, one, of) for of in operations_of(one, read))
                echo(f"  {'':<{width}}  {'':<6}  -> {names or NO_OPERATION}")


@click.command("explain")
@click.argument("name", metavar="ID")
@takes_options("explain", reports=False)
def explain_command(name: str, contract: Path | None) -> None:
    """Show all that there is to know of one requirement, on a server or a client.

    In place of an id it takes a section, and shows each requirement of that.
    """
    known: dict[str, AnyRequirement] = {**catalogue(), **client_catalogue()}
    chosen = [one for one in known.values() if one.section == name] or [find(known, name)]
    read = contract_to_judge_by(contract)
    echo("\n\n".join(explanation(one, read) for one in chosen))
