"""``pytest --pyargs conformance --conformance-url …``: the options, and nothing until it is asked.

The plugin is loaded in every pytest run of everybody who installs the distribution.
"""

import importlib
from collections.abc import Sequence

import pytest

from conformance.pytest_plugin.options import NODE_IDS, add_options

_PACKAGE = "conformance"


def _keep_nodeids(config: pytest.Config, ours: Sequence[str]) -> None:
    """Take node ids off the command line: pytest refuses them below a package.

    They are kept where xdist passes them on to its workers.
    """
    if all("::" in one for one in ours):
        setattr(config.option, NODE_IDS, list(ours))
    others = [one for one in config.args if one not in ours]
    config.args[:] = [*others, _PACKAGE]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that say what to judge; pytest has its own for the rest."""
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Bring in the harness where this run names it."""
    ours = [one for one in config.args if one.partition("::")[0] == _PACKAGE]
    if config.getoption("pyargs") and ours:
        _keep_nodeids(config, ours)
        # Not at the top: the harness takes a second to import, and other runs have no use for it.
        items = importlib.import_module("conformance.pytest_plugin.items")
        config.pluginmanager.register(items.plugin(config), "conformance-items")
