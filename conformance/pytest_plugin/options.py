"""The options of the pytest plugin, as ``dinie-conformance run`` takes them."""

import pytest

from dinie_contract.pytest_conformance import NODE_IDS, OPTIONS, option_dest


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
