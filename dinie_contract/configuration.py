"""The configuration file: from TOML to the checked settings of one command.

``dinie.toml``, or ``[tool.dinie]`` in ``pyproject.toml``, has a table for each command and one for
each named target. Keys are the names of :mod:`dinie_contract.options`. Every error is one line that
names the file and the key, and repeats no value of a secret.
"""

import importlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast

import click

from dinie_contract.options import COMMANDS, CONFIG, NO_CONFIG, TARGET_NAME, TARGET_TABLE, Option
from dinie_contract.output import SHAPES, one_line
from dinie_contract.spelling import nearest, short
from openapi.files import open_regular

OWN_FILE, PROJECT_FILE = "dinie.toml", "pyproject.toml"

_MOST_BYTES, _MOST_BYTES_OF_PROJECT = 100_000, 1_000_000
"""A project's file has tables of many tools. The parser may take quadratic time."""

_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")
"""The name of an environment variable: in capitals, so that hardly any secret looks like one."""

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

_MAY_HOLD_SECRET = re.compile(r"://.*[@?]|:[^/]*@|" + SHAPES.pattern, re.DOTALL)
"""A user, a password or a query in a URL, or the shape of a known secret."""

_PART = r"""(?:[\w \t-]++|"(?:[^"\\\n]++|\\.)*+"|'[^'\n]*+')++"""
_DEEP_KEY = re.compile(rf"\.(?:{_PART}\.){{100}}")
"""A key of more than a hundred parts, for which the parser takes quadratic time."""


_DECIDING = {CONFIG.name, NO_CONFIG.name}

_TARGET_OPTIONS = {one.name: one for one in TARGET_TABLE}

Table = Mapping[str, Any]


class Declared(Protocol):
    """An option of click by its declaration."""

    declared: Option
    multiple: bool
    nargs: int
    is_flag: bool
    type: click.ParamType[Any]


class ConfigurationError(click.UsageError):
    """The configuration file cannot be used; the message is one line."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A value of the file; ``place`` names its file, table and key.

    ``folder`` is that of the file, from which its relative paths start.
    """

    option: Option
    place: str
    folder: Path
    content: Any

    def check(self, parameter: Declared | None) -> None:
        """Raise :class:`ConfigurationError` for a secret, or another type than ``parameter`` has.

        None stands for an option that the command does not take.
        """
        for item in _items(self.content):
            if isinstance(item, dict):
                self._check_reference(item)
            elif self.option.is_secret:
                self._fail(f"is a secret: the file names its variable, as {self._reference}")
            elif isinstance(item, str) and _MAY_HOLD_SECRET.search(item):
                self._fail(
                    f"may hold a secret: the file names a variable with it, as {self._reference}"
                )
        if parameter is not None:
            self._check_type(parameter)

    def value(self) -> Any:
        """The value for click; raises :class:`ConfigurationError` where a variable is not set."""
        values = [self._value(item) for item in _items(self.content)]
        return values if isinstance(self.content, list) else values[0]

    def message(self, error: str) -> str:
        """The error of a type of click, with the place, and without what a variable holds."""
        for item in _items(self.content):
            if isinstance(item, dict):
                error = error.replace(os.environ.get(item["variable"]) or "\0", item["variable"])
        return f"{self.place}: {error}"

    @property
    def _reference(self) -> str:
        name = 'name = "X-Api-Key", ' if self.option.kind in {"header", "key"} else ""
        reference = f'{{ {name}variable = "NAME" }}'
        return f"[{reference}]" if self.option.multiple else reference

    def _value(self, item: Any) -> Any:
        if not isinstance(item, dict):
            return self._from_folder(item)
        text = os.environ.get(item["variable"])
        if not text:
            self._fail(f"needs the environment variable {item['variable']}, which is not set")
        return f"{item['name']}: {text}" if "name" in item else text

    def _from_folder(self, item: Any) -> Any:
        """A relative path, from the folder of the file."""
        if self.option.kind == "store":
            scheme, mark, path = item.partition(":///")
            is_file = scheme == "sqlite" and path
            return f"{scheme}{mark}{self.folder / path}" if is_file else item
        if not item or not self.option.is_path(item):
            return item
        is_last = not isinstance(self.content, list) or self.option.multiple
        return str(self.folder / item) if is_last or item is self.content[-1] else item

    def _check_reference(self, item: Table) -> None:
        known = {"variable", "name"} if self.option.kind in {"header", "key"} else {"variable"}
        variable, name = item.get("variable"), item.get("name", "X")
        if not item.keys() <= known or not isinstance(variable, str) or not isinstance(name, str):
            raise ConfigurationError(f"{self.place} must be {self._reference}")
        if not _VARIABLE.fullmatch(variable):
            self._fail("must name an environment variable in capitals")
        if not _HEADER_NAME.fullmatch(name):
            self._fail("must have the name of a header as its name")

    def _check_type(self, parameter: Declared) -> None:
        is_list = isinstance(self.content, list)
        if parameter.multiple and not is_list:
            self._fail("must be a list, in [ ]")
        if parameter.nargs > 1 and (not is_list or len(self.content) != parameter.nargs):
            self._fail(f"must be a list of {parameter.nargs}")
        if is_list and not parameter.multiple and parameter.nargs == 1:
            self._fail("must be one value, and no list")
        wanted, name = (bool, "true or false") if parameter.is_flag else _type_of(parameter.type)
        for item in _items(self.content):
            is_right = isinstance(item, wanted) and isinstance(item, bool) == (wanted is bool)
            if not is_right and not isinstance(item, dict):
                self._fail(f"must be {name}")
            if isinstance(item, str) and "\0" in item:
                self._fail("must not hold the character U+0000")

    def _fail(self, reason: str) -> None:
        raise ConfigurationError(f"{self.place} {reason}")


def _items(content: Any) -> Sequence[Any]:
    return content if isinstance(content, list) else [content]


def _type_of(kind: click.ParamType[Any]) -> tuple[Any, str]:
    """The Python type that TOML has for values of a type of click, and its name in an error."""
    if isinstance(kind, click.types.IntParamType):
        return int, "a whole number, without quotes"
    if isinstance(kind, click.types.FloatParamType):
        return (int, float), "a number, without quotes"
    return str, "text, in quotes"


@dataclass(frozen=True, slots=True)
class Configuration:
    """A configuration file that is read, and whose tables are tables of commands and targets."""

    path: Path
    tables: Table
    prefix: str = ""

    @classmethod
    def read(cls, path: Path, *, is_found: bool = False) -> "Configuration | None":
        """The file at ``path``; raises :class:`ConfigurationError`.

        Of a file that ``is_found`` the owner counts. None for a project's file that is found and
        has no table of ours.
        """
        is_project = path.name == PROJECT_FILE
        most = _MOST_BYTES_OF_PROJECT if is_project else _MOST_BYTES
        text = _text(path, most, is_found=is_found)
        # Projects have their own files: those without this word are not parsed.
        if is_project and is_found and "dinie" not in text:
            return None
        tables = _parsed(path, text)
        if is_project:
            tool = tables.get("tool")
            found = tool.get("dinie") if isinstance(tool, dict) else None
            if found is None:
                if is_found:
                    return None
                raise ConfigurationError(f"{path} has no table [tool.dinie]")
            if not isinstance(found, dict):
                raise ConfigurationError(f"{path}: [tool.dinie] must be a table")
            tables = found
        configuration = cls(path, tables, "tool.dinie." if is_project else "")
        configuration._check_tables()
        return configuration

    @classmethod
    def find(cls, folder: Path) -> "Configuration | None":
        """The nearest file from a folder upwards; raises :class:`ConfigurationError`."""
        for place in (folder, *folder.parents):
            for name in (OWN_FILE, PROJECT_FILE):
                # The name alone says enough of a file in the working directory.
                path = Path(name) if place == folder else place / name
                if os.path.lexists(path) and (found := cls.read(path, is_found=True)):
                    return found
        return None

    def settings(
        self, command: str, taken: Sequence[str], parameters: Mapping[str, "Declared"],
        target: str | None,
    ) -> "Settings":  # fmt: skip
        """The settings of a command, those of a target above those of the command's own table.

        ``taken`` are the keys that the table may have, ``parameters`` the options of the command.
        ``target`` is named by the user; without it, the table may name one. Raises
        :class:`ConfigurationError`.
        """
        options = {name: parameters[name].declared for name in taken if name not in _DECIDING}
        table = dict(self._settings(command, self.tables.get(command, {}), options, parameters))
        default = table.pop(TARGET_NAME.name, None)
        for one in table.values():
            if one.option.for_named_target:
                raise ConfigurationError(
                    f"{one.place} may stand only in a table [{self.prefix}target.NAME],"
                    " which --target NAME then takes"
                )
        targets = {
            name: dict(
                self._settings(f"target.{short(name)}", content, _TARGET_OPTIONS, parameters)
            )
            for name, content in self._targets.items()
            if TARGET_NAME.name in parameters
        }
        name = target if target is not None or default is None else str(default.value())
        if name is None:
            return Settings(self.path, table)
        if name not in targets:
            place = f"{self.path}: --target" if target is not None or not default else default.place
            shown = short(name)
            known = _nearest(name, targets) or f": there is no table [{self.prefix}target.NAME]"
            raise ConfigurationError(f"{place} {shown} is no target{known}")
        of_target = targets[name]
        for one in of_target.values():
            if one.option.for_named_target and target is None:
                raise ConfigurationError(
                    f"{one.place} counts only for a target that is named: --target {name}"
                )
        kept = {key: one for key, one in table.items() if one.option.yields_to not in of_target}
        used = {key: one for key, one in of_target.items() if key in parameters}
        return Settings(self.path, {**kept, **used}, name, tuple(of_target.keys() - used.keys()))

    @property
    def _targets(self) -> Table:
        return cast("Table", self.tables.get("target", {}))

    def _check_tables(self) -> None:
        for name, content in self.tables.items():
            if name not in COMMANDS and name != "target":
                shown = short(name)
                if isinstance(content, dict):
                    place = f"{self.path}: [{self.prefix}{shown}]"
                    near = _nearest(name, (*COMMANDS, "target"))
                    raise ConfigurationError(f"{place} is no table of a command{near}")
                raise ConfigurationError(
                    f"{self.path}: {shown} must stand in the table of a command, such as"
                    f" [{self.prefix}run]"
                )
            if not isinstance(content, dict):
                raise ConfigurationError(f"{self.path}: [{self.prefix}{name}] must be a table")
        for name, content in self._targets.items():
            if not isinstance(content, dict):
                raise ConfigurationError(
                    f"{self.path}: [{self.prefix}target] has tables alone, such as"
                    f" [{self.prefix}target.{short(name)}]"
                )

    def _settings(
        self, name: str, table: Table, options: Mapping[str, Option],
        parameters: Mapping[str, "Declared"],
    ) -> Iterator[tuple[str, Setting]]:  # fmt: skip
        """The checked settings of one table."""
        place = f"{self.path}: [{self.prefix}{name}]"
        for key, content in table.items():
            if key not in options:
                near = _nearest(key, options)
                raise ConfigurationError(f"{place} takes no {short(key)}{near}")
            setting = Setting(options[key], f"{place} {key}", self.path.parent, content)
            setting.check(parameters.get(key))
            yield key, setting


@dataclass(frozen=True, slots=True)
class Settings:
    """What a file says for one command, by the names of options.

    ``unused`` names options of the target that the command does not take.
    """

    path: Path
    settings: Mapping[str, Setting]
    target: str | None = None
    unused: Sequence[str] = ()

    @property
    def line(self) -> str:
        """What a command says of its file; empty where the file says nothing for it."""
        if not self.settings and self.target is None:
            return ""
        target = f", target {self.target}" if self.target is not None else ""
        names = ", ".join(sorted(self.unused))
        unused = f" ({names}: not for this command)" if self.unused else ""
        return f"configuration: {self.path}{target}{unused}"


def _nearest(name: str, known: Iterable[str]) -> str:
    found = nearest(name, known, cutoff=0)
    return f"; the nearest is {found}" if found else ""


def _text(path: Path, most: int, *, is_found: bool) -> str:
    try:
        with open_regular(path) as file:
            owners = {os.fstat(file.fileno()).st_uid, path.lstat().st_uid}
            content = file.read(most + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigurationError(f"{path} cannot be read: {reason}") from None
    if is_found and not owners <= {0, _own_id(), Path.cwd().stat().st_uid}:
        # It would name the server that gets the tokens. In a folder for all, such as /tmp, anyone
        # may put one; a checkout may be of another user, who then has the working directory too.
        raise ConfigurationError(
            f"{path} is of another user: --config {path} takes it, --no-config does without"
        )
    if len(content) > most:
        raise ConfigurationError(f"{path} is larger than {most} bytes")
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path} is not UTF-8") from None


def _own_id() -> int:
    # Windows has no such ids, and gives 0 for the owner of every file.
    return getattr(os, "geteuid", lambda: 0)()


def _parsed(path: Path, text: str) -> Table:
    # Most runs have no file.
    tomllib = importlib.import_module("tomllib")
    if text.startswith("\ufeff"):
        raise ConfigurationError(
            f"{path} begins with a byte order mark, which TOML has not: save it as UTF-8 without"
        )
    if _DEEP_KEY.search(text):
        raise ConfigurationError(f"{path} is nested too deeply")
    try:
        return cast("Table", tomllib.loads(text))
    except RecursionError:
        raise ConfigurationError(f"{path} is nested too deeply") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path} is no TOML: {one_line(str(error))}") from None
    except ValueError:
        # The others are of Python, which says how its own limit is lifted.
        raise ConfigurationError(f"{path} has an integer of too many digits") from None
