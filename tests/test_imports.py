"""The import rules: the arrows between the packages go one way."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import conformance
import mock_server
import openapi

PACKAGES = {
    package.__name__: Path(str(package.__file__)).parent
    for package in (openapi, mock_server, conformance)
}
ALLOWED = {
    "openapi": {"openapi"},
    "conformance": {"conformance", "openapi"},
    "mock_server": {"mock_server", "openapi", "conformance.client"},
}
ADAPTERS = {
    "connexion": "mock_server/pipeline/framework.py",
    "prometheus_client": "mock_server/observing/metrics.py",
    "matplotlib": "conformance/report/plots.py",
    "hypothesis.internal": "conformance/generation/isolation.py",
    "schemathesis": "conformance/generation/engine.py",
}


MODULES = [path for folder in PACKAGES.values() for path in sorted(folder.rglob("*.py"))]


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def within(name: str, roots: set[str]) -> bool:
    return any(name == root or name.startswith(f"{root}.") for root in roots)


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_a_module_imports_only_what_its_package_may(path: Path) -> None:
    package = next(name for name, folder in PACKAGES.items() if path.is_relative_to(folder))
    ours = {name for name in imported(path) if within(name, set(PACKAGES))}
    assert {name for name in ours if not within(name, ALLOWED[package])} == set()


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_a_library_that_may_change_is_imported_by_its_adapter_only(path: Path) -> None:
    for library, adapter in ADAPTERS.items():
        if any(within(name, {library}) for name in imported(path)):
            assert path.as_posix().endswith(adapter)


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_our_own_packages_are_imported_at_the_top(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            inner = [one for one in ast.walk(node) if isinstance(one, ast.Import | ast.ImportFrom)]
            assert inner == []


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_what_changes_the_whole_process_is_imported_for_load_alone(path: Path) -> None:
    if any(within(name, {"gevent", "locust"}) for name in imported(path)):
        assert path.parent.as_posix().endswith("conformance/load/locust")


def test_the_rules_can_fail() -> None:
    assert not within("mock_server.app", ALLOWED["openapi"])
    assert not within("conformance.server", ALLOWED["mock_server"])
    assert within("conformance.client.rules", ALLOWED["mock_server"])
