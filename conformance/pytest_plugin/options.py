"""The options of the pytest plugin: those of ``dinie-conformance run`` that say what to judge."""

import pytest

from dinie_contract.options import COMMANDS

OPTIONS = {one.name: one for one in COMMANDS["pytest"]}

NODE_IDS = "conformance_nodeids"
"""The attribute of pytest's options that holds the node ids of the command line."""


def option_dest(name: str) -> str:
    """The attribute of pytest's options that holds ``--conformance-<name>``."""
    return f"conformance_{name.replace('-', '_')}"


def add_options(parser: pytest.Parser) -> None:
    """Add each option as ``--conformance-<name>``."""
    group = parser.getgroup(
        "conformance", "conformance of an API (pytest --pyargs conformance); variables: DINIE_…"
    )
    for name, one in OPTIONS.items():
        action = "store_true" if one.kind == "flag" else "append" if one.multiple else "store"
        group.addoption(
            f"--conformance-{name}", action=action, dest=option_dest(name), help=one.help
        )


def given_arguments(config: pytest.Config) -> list[str]:
    """The options as ``dinie-conformance run`` takes them."""
    arguments = []
    for name, one in OPTIONS.items():
        value = config.getoption(option_dest(name))
        if one.kind == "flag":
            arguments += [f"--{name}"] if value else []
        else:
            values = value if isinstance(value, list) else [value] if value is not None else []
            arguments += [f"--{name}={text}" for text in values]
    return arguments


def option_named(name: str) -> str:
    """The spelling of a command line option in a message of this plugin."""
    return f"--conformance-{name}" if name in OPTIONS else f"DINIE_{name.replace('-', '_').upper()}"


def selected_node_ids(config: pytest.Config) -> set[str]:
    """The node ids that the command line names; an empty set is all."""
    return set(getattr(config.option, NODE_IDS, ()))
