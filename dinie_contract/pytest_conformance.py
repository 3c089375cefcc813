"""``pytest --pyargs conformance --conformance-url …``: each requirement as a test item.

Every pytest run of a user of the distribution loads this plugin, so it imports the harness only
for a run that names it.
"""

import pytest

from dinie_contract.location import NameTaken, load
from dinie_contract.options import COMMANDS

OPTIONS = {one.name: one for one in COMMANDS["pytest"]}

NODE_IDS = "conformance_nodeids"
"""The attribute of pytest's options that holds the node ids of the command line."""

_PACKAGE = "conformance"


def option_dest(name: str) -> str:
    """The attribute of pytest's options that holds ``--conformance-<name>``."""
    return f"conformance_{name.replace('-', '_')}"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of ``run``, but for those that pytest has itself."""
    group = parser.getgroup(
        "conformance", "conformance of an API (pytest --pyargs conformance); variables: DINIE_…"
    )
    for name, one in OPTIONS.items():
        action = "store_true" if one.kind == "flag" else "append" if one.multiple else "store"
        group.addoption(
            f"--conformance-{name}", action=action, dest=option_dest(name), help=one.help,
            default=None,
        )  # fmt: skip
        if one.negative:
            group.addoption(
                f"--conformance-no-{name}", action="store_false", dest=option_dest(name),
                default=None, help=f"Take --conformance-{name} of another source back.",
            )  # fmt: skip


def pytest_configure(config: pytest.Config) -> None:
    """Register the items of the harness, if the run names it."""
    ours = [one for one in config.args if one.partition("::")[0] == _PACKAGE]
    if not config.getoption("pyargs") or not ours:
        return
    try:
        items = load("conformance.pytest_plugin.items")
    except NameTaken as error:
        if any(config.getoption(option_dest(name)) for name in OPTIONS):
            raise pytest.UsageError(f"conformance: {error}") from None
        return  # a project that runs the tests in a package of its own
    # Node ids go off the command line, where pytest refuses them below a package, to where xdist
    # passes them on to its workers.
    if all("::" in one for one in ours):
        setattr(config.option, NODE_IDS, ours)
    config.args[:] = [*(one for one in config.args if one not in ours), _PACKAGE]
    config.pluginmanager.register(items.ConformancePlugin(config), "conformance-items")
