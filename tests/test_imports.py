"""The import rules: from folder to folder, imports go down, and nothing runs in a circle."""

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

ORDER: Mapping[str, list[str]] = {
    "conformance": [
        "pytest_plugin",
        "cli",
        "fuzz load client",
        "run report",
        "server",
        "results generation",
        "catalogue",
        "probe",
        "target",
        "journal",
    ],
    "mock_server": [
        "__main__",
        "cli",
        "testing",
        "serving",
        "app",
        "console",
        "control",
        "pipeline",
        "operations faults",
        "documented",
        "settings",
        "connection observing",
        "partners",
        "exchange",
        "store",
        "vendored",
    ],
    "openapi": [],
    "dinie_contract": [],
}
"""From the top down: a folder imports from lower lines, and never from its own or a higher one."""

OPTIONS = {
    "dinie_contract.options",
    "dinie_contract.command_line",
    "dinie_contract.errors",
    "dinie_contract.extras",
    "dinie_contract.origins",
    "dinie_contract.output",
    "dinie_contract.spelling",
    "dinie_contract.systems",
    "dinie_contract.web_address",
}
"""What lies below all commands: options as data, how a command takes them, extras, URLs, its
output, names in errors, what differs between systems, and whose page a request is of."""

BESIDE = {
    "openapi": {"openapi"},
    # Its fixtures name the types of the mock; they import it only when a test asks.
    "dinie_contract": {"dinie_contract", "mock_server.testing", "openapi.files", "openapi.garbage"},
    "conformance": {
        "conformance",
        "openapi",
        *OPTIONS,
        "dinie_contract.commands",  # python -m conformance.cli is the command
        "dinie_contract.pytest_conformance",
    },
    "mock_server": {
        "mock_server",
        "openapi",
        *OPTIONS,
        "dinie_contract.commands",  # python -m mock_server is the command
        "conformance.client",
        "conformance.journal",
        "conformance.report",
        "conformance.results",
        "conformance.catalogue",
    },
}
"""What the modules of each package may import of ours."""

ADAPTERS = {
    "connexion": "mock_server/pipeline/framework.py",
    "prometheus_client": "mock_server/observing/metrics.py",
    "matplotlib": "conformance/report/plots.py",
    "hypothesis.internal": "conformance/generation/isolation.py",
    "schemathesis": "conformance/generation/engine.py",
    "httpcore": "conformance/target/transport/sockets.py",
    "gevent": "conformance/load/locust/",
    "locust": "conformance/load/locust/",
}
"""Where a library is imported that is no stable API, or that changes the whole process."""

PATHS = {path.relative_to(ROOT): path for top in ORDER for path in (ROOT / top).rglob("*.py")}
MODULES = {
    ".".join(relative.with_suffix("").parts).removesuffix(".__init__"): path
    for relative, path in sorted(PATHS.items())
}


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(path: Path) -> Iterator[str]:
    """Every name that a file imports: a module, or a name in one."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def within(name: str, root: str) -> bool:
    return name == root or name.startswith(f"{root}.")


def ours(path: Path) -> Iterator[str]:
    """The modules of ours that a file imports."""
    for name in imported(path):
        if name in MODULES:
            yield name
        elif name.rpartition(".")[0] in MODULES:
            yield name.rpartition(".")[0]


@cache
def arrows() -> dict[str, set[str]]:
    """From each module to those that it imports."""
    return {module: set(ours(path)) - {module} for module, path in MODULES.items()}


def upward(arrow: tuple[str, str]) -> bool:
    """Whether an import within one package does not go down."""
    package, *inner = arrow[0].split(".")
    target, *inner_target = arrow[1].split(".")
    if package != target or not inner or not inner_target or inner[0] == inner_target[0]:
        return False
    floors = {room: floor for floor, rooms in enumerate(ORDER[package]) for room in rooms.split()}
    return bool(floors) and floors[inner[0]] >= floors[inner_target[0]]


def circles(graph: Mapping[str, set[str]]) -> list[str]:
    """The nodes of one circle; none where there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def siblings() -> dict[str, dict[str, set[str]]]:
    """For each folder, the imports between its members."""
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for module, targets in arrows().items():
        for target in targets:
            first, second = module.split("."), target.split(".")
            common = 0
            while common < min(len(first), len(second)) and first[common] == second[common]:
                common += 1
            if 0 < common < len(first) and common < len(second):
                found[".".join(first[:common])][first[common]].add(second[common])
    return found


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_what_its_package_may(module: str) -> None:
    allowed = BESIDE[module.partition(".")[0]]
    found = {one for one in ours(MODULES[module]) if not any(within(one, root) for root in allowed)}
    assert found == set()


@pytest.mark.parametrize("module", MODULES)
def test_imports_between_folders_go_down(module: str) -> None:
    assert [one for one in arrows()[module] if upward((module, one))] == []


def test_no_files_import_each_other_in_a_circle() -> None:
    assert circles(arrows()) == []


@pytest.mark.parametrize("folder", sorted(siblings()))
def test_no_members_of_a_folder_import_each_other_in_a_circle(folder: str) -> None:
    assert circles(siblings()[folder]) == []


@pytest.mark.parametrize("path", MODULES.values(), ids=list(MODULES))
def test_a_library_that_may_change_is_imported_by_its_adapter_only(path: Path) -> None:
    place, names = path.relative_to(ROOT).as_posix(), set(imported(path))
    for library, adapter in ADAPTERS.items():
        if any(within(name, library) for name in names):
            assert place.startswith(adapter)


@pytest.mark.parametrize("path", MODULES.values(), ids=list(MODULES))
def test_imports_stand_at_the_top(path: Path) -> None:
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            inner = [one for one in ast.walk(node) if isinstance(one, ast.Import | ast.ImportFrom)]
            assert inner == []


@pytest.mark.parametrize("folder", sorted({path.parent for path in MODULES.values()}), ids=str)
def test_a_folder_states_its_purpose(folder: Path) -> None:
    assert ast.get_docstring(parsed(folder / "__init__.py"))


def test_the_packages_have_nothing_loose() -> None:
    loose = {
        top: {path.name for path in (ROOT / top).iterdir() if path.is_file()}
        for top in ("conformance", "mock_server")
    }
    assert loose["conformance"] == {"__init__.py", "py.typed"}
    assert loose["mock_server"] == {
        *("__init__.py", "py.typed"),
        *("__main__.py", "app.py", "settings.py"),
    }


def test_every_folder_has_its_place_in_the_order() -> None:
    for package, floors in ORDER.items():
        rooms = {
            path.stem
            for path in (ROOT / package).iterdir()
            if (path.suffix == ".py" or path.is_dir()) and not path.name.startswith("__init__")
            if path.name != "__pycache__"
        }
        if floors:
            assert rooms == {room for floor in floors for room in floor.split()}


def test_an_arrow_up_is_noticed() -> None:
    assert upward(("conformance.target.target", "conformance.probe.probe"))
    assert upward(("conformance.run.runner", "conformance.report.html"))
    assert not upward(("conformance.probe.probe", "conformance.target.target"))
    assert circles({"first": {"second"}, "second": {"first"}})
