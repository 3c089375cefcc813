"""The location of our packages, and imports from it beside packages of the same names.

A project whose tests run in this process, or the working directory of a command, may have its own
``conformance``, ``mock_server`` or ``openapi``. Ours never shadow them: in a wheel they lie in
``dinie_contract/packages``, which is on ``sys.path`` only in our commands, and in a process that
has asked for one of our modules. (The end of the path would not do for all: a package there goes
before a namespace package, a folder without ``__init__.py``, anywhere on it.)
"""

import importlib
import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

_HERE = Path(__file__).resolve().parent

NAMES = ("openapi", "mock_server", "conformance")

ROOT = next(
    folder for folder in (_HERE / "packages", _HERE.parent) if (folder / "mock_server").is_dir()
)
"""The folder of our packages: inside this one in a wheel, beside it in a checkout."""


class NameTaken(Exception):
    """Another package has one of our import names; the message is one line with the remedy."""


def put_first() -> None:
    """Put our packages first on ``sys.path``, in a process that runs nothing but our command."""
    sys.path.insert(0, str(ROOT))


def load(module: str) -> ModuleType:
    """Import one of our modules in a process that also runs other code, such as pytest.

    Raises :class:`NameTaken` if another package has one of our names.
    """
    for name in NAMES:
        place = _place_of(name)
        if place is not None and not Path(place).is_relative_to(ROOT):
            raise NameTaken(
                f"dinie-contract cannot be loaded beside {place}, a package of the same name:"
                f" rename it, or run `dinie-mock serve` and use its URL"
            )
    if str(ROOT) not in sys.path:
        sys.path.append(str(ROOT))
    return importlib.import_module(module)


def _place_of(name: str) -> Path | str | None:
    """The folder or file that a name means in this process; None where it means nothing.

    A module without one, such as a stub of a test, is described in words.
    """
    is_loaded = name in sys.modules
    spec = getattr(sys.modules[name], "__spec__", None) if is_loaded else find_spec(name)
    places = [*(spec.submodule_search_locations or ()), spec.origin] if spec else []
    place = next(filter(None, places), None)
    if place:
        return Path(place).resolve()
    return f"the stub of {name} in sys.modules" if is_loaded else None
