"""The location of our packages, and whether their names mean them in this process.

Others may have a package named ``conformance``, ``mock_server`` or ``openapi`` as well: a project
whose tests run in this process, the folder that a command is called in. Ours are never in their
way: in a wheel they lie in ``dinie_contract/packages``, which is the last place on ``sys.path``.
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
    """One of our names means another package here; the message is one line with the mend."""


def put_first() -> None:
    """Let our names mean our packages in this process: for commands, which are ours alone."""
    sys.path.insert(0, str(ROOT))


def load(module: str) -> ModuleType:
    """Import one of our modules in a process that is not ours alone.

    Raises :class:`NameTaken` where one of our names means somebody else's package.
    """
    for name in NAMES:
        place = _place_of(name)
        if place is not None and not place.is_relative_to(ROOT):
            raise NameTaken(
                f"dinie-contract cannot be loaded beside {place}, a package of the same name:"
                f" rename it, or run `dinie-mock serve` and use its URL"
            )
    if str(ROOT) not in sys.path:
        sys.path.append(str(ROOT))
    return importlib.import_module(module)


def _place_of(name: str) -> Path | None:
    """The folder or file that a name means in this process; None where it means nothing."""
    loaded = sys.modules.get(name)
    spec = getattr(loaded, "__spec__", None) if loaded else find_spec(name)
    if spec is None:
        return None
    places = list(spec.submodule_search_locations or ())
    place = places[0] if places else spec.origin
    return Path(place).resolve() if place else None
