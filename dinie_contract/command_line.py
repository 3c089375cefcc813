"""From the options of :mod:`dinie_contract.options` to click, and from click to typed settings."""

import importlib
import math
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import wraps
from pathlib import Path
from typing import IO, Any, NamedTuple, TypeVar, get_type_hints

import click
from click.core import ParameterSource

from dinie_contract.configuration import Configuration, ConfigurationError, Settings
from dinie_contract.options import (
    COMMANDS,
    CONFIG,
    CONFIGURATION,
    NO_CONFIG,
    TARGET_NAME,
    URL,
    Option,
    is_url,
)
from dinie_contract.output import echo
from openapi.garbage import without_collecting

Command = Callable[..., Any]
S = TypeVar("S")


class FiniteRange(click.FloatRange):
    """A range of numbers: ``nan`` is in none, as no comparison with it holds, and ``inf`` neither.

    A threshold of ``nan`` would never be exceeded, and a pause of it never end.
    """

    def convert(self, value: Any, param: Any, ctx: Any) -> float:
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail("must be a finite number", param, ctx)
        return number


class FilePath(click.Path):
    """The path of a file or folder. An empty one would be the working directory.

    A URL names no file; the message does not repeat it, for it may hold a password.
    """

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        if not str(value):
            self.fail("must not be empty", param, ctx)
        if is_url(str(value)):
            self.fail("takes no URL: save what is there as a file, and name that", param, ctx)
        return super().convert(value, param, ctx)


KINDS: Mapping[str, click.ParamType[Any]] = {
    "text": click.STRING,
    "file": FilePath(),
    "contract": FilePath(),
    "store": click.STRING,
    "bearer token": click.STRING,
    "level": click.Choice(["must", "should"]),
    "more than 0": FiniteRange(0, min_open=True),
    "0 or more": FiniteRange(0),
    "share": FiniteRange(0, 1),
    "whole, 0 or more": click.IntRange(0),
    "whole, 1 or more": click.IntRange(1),
    "port": click.IntRange(1, 65535),
    "port or 0": click.IntRange(0, 65535),
}
"""The types of option values that every command has; a command adds those of its own."""


class Subcommand(NamedTuple):
    """Where a subcommand is (``module:name``), and the first sentence of its help."""

    place: str
    summary: str


class CommandGroup(click.Group):
    """A command with subcommands that ends with 2 where nobody reads its output (``| head``).

    Click would end it with 1, which is a verdict here. The module of a subcommand is imported only
    when that one is asked for.
    """

    def __init__(self, *, subcommands: Mapping[str, Subcommand], **options: Any) -> None:
        super().__init__(**options)
        self.subcommands = subcommands

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of the subcommands, as they are listed."""
        del ctx
        return [*self.subcommands]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The subcommand of a name, imported."""
        del ctx
        if cmd_name not in self.subcommands:
            return None
        module, _, name = self.subcommands[cmd_name].place.partition(":")
        with without_collecting():
            command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the subcommands with their summaries."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, one.summary) for name, one in self.subcommands.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Invoke the subcommand; standard output is written before it ends."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            discard(sys.stdout)
            raise click.exceptions.Exit(2) from None
        except KeyboardInterrupt:  # of which click would make an empty line
            raise click.Abort from None
        return result


def discard(stream: IO[str]) -> None:
    """Send the rest of a stream nowhere, what Python flushes at exit included."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


class ConfiguredOption(click.Option):
    """An option whose value may come from the configuration file, by its declaration."""

    declared: Option

    def process_value(self, ctx: click.Context, value: Any) -> Any:
        """Convert a value; an error of one in the file names its place there."""
        try:
            return super().process_value(ctx, value)
        except (click.BadParameter, OverflowError) as error:
            if ctx.get_parameter_source(self.name or "") is not ParameterSource.DEFAULT_MAP:
                raise
            reason = getattr(error, "message", None) or "is too large"
            setting = settings_of_file(ctx).settings[self.declared.name]
            raise ConfigurationError(setting.message(reason)) from None


def with_options(
    options: Iterable[Option], kinds: Mapping[str, click.ParamType[Any]]
) -> Callable[[Command], Command]:
    """Give a command these options; ``kinds`` are its own types, by the name of the kind.

    The command says on standard error which configuration file it uses.
    """

    def decorated(command: Command) -> Command:
        @wraps(command)
        def called(*arguments: Any, **parameters: Any) -> Any:
            context = click.get_current_context()
            if line := settings_of_file(context).line:
                echo(f"{context.find_root().info_name}: {line}", err=True)
            return command(*arguments, **parameters)

        configured: Command = called
        for one in reversed([*options]):
            configured = _decorator(one, {**KINDS, **kinds})(configured)
        return configured

    return decorated


def _decorator(
    option: Option, kinds: Mapping[str, click.ParamType[Any]]
) -> Callable[[Command], Command]:
    name = f"--{option.name}"
    decides = option in CONFIGURATION
    given: dict[str, Any] = {
        "cls": ConfiguredOption,
        "help": option.help,
        "envvar": option.variable if option.has_variable else None,
        "callback": _read_configuration if decides else _weighed,
        "is_eager": decides,
        "expose_value": not decides,
    }
    if option.kind == "switch":
        name, given["default"] = f"{name}/{option.negative}", option.default
    elif option.kind == "flag":
        name, given["is_flag"] = "/".join(filter(None, (name, option.negative))), True
    else:
        given |= {
            "type": kinds[option.kind],
            "metavar": option.metavar or ("FILE" if option.kind == "file" else None),
            "multiple": option.multiple,
            "required": option.required,
        }
        if option.default is not None:
            given |= {"default": option.default, "show_default": True}

    def decorated(command: Command) -> Command:
        command = click.option(name, option.destination, **given)(command)
        # The option that was added last, in the list that click makes the command of.
        vars(command)["__click_params__"][-1].declared = option
        return command

    return decorated


_FILE = "dinie_contract.configuration"
"""The key of what the configuration file says, in the ``meta`` of click's context."""


def settings_of_file(context: click.Context) -> Settings:
    """What the configuration file says for the command of a context."""
    settings: Settings = context.meta.get(_FILE, Settings(Path(), {}))
    return settings


def _read_configuration(context: click.Context, parameter: ConfiguredOption, value: Any) -> Any:
    """The callback of the options that decide which file is read: the last of them reads it."""
    value = _weighed(context, parameter, value)
    given = context.meta.setdefault(f"{_FILE}.given", {})
    given[parameter.declared.name] = value
    parameters = {
        one.declared.name: one
        for one in context.command.params
        if isinstance(one, ConfiguredOption)
    }
    awaited = {one.name for one in CONFIGURATION} & parameters.keys()
    if awaited <= given.keys() and not context.resilient_parsing:
        path, target = given[CONFIG.name], given.get(TARGET_NAME.name)
        if path and given[NO_CONFIG.name]:
            raise click.UsageError("give either --config or --no-config")
        configuration = None
        if not given[NO_CONFIG.name]:
            configuration = Configuration.read(path) if path else Configuration.find(Path.cwd())
        if configuration:
            command = context.info_name or ""
            is_own = command == context.command.name
            taken = [*parameters] if is_own else [one.name for one in COMMANDS[command]]
            settings = configuration.settings(command, taken, parameters, target)
            context.meta[_FILE] = settings
            context.default_map = {
                str(parameters[name].name): one.value for name, one in settings.settings.items()
            }
        elif target is not None and given[NO_CONFIG.name]:
            raise click.UsageError("--target takes a target of the file: leave out --no-config")
        elif target is not None:
            raise click.UsageError(
                "--target takes a target of a configuration file, and there is none: neither"
                f" dinie.toml nor pyproject.toml with [tool.dinie], from {Path.cwd()} upwards"
            )
    return value


def _weighed(context: click.Context, parameter: ConfiguredOption, value: Any) -> Any:
    """The callback of an option: its value, or nothing beside a stronger one that excludes it."""
    option = parameter.declared
    source = context.get_parameter_source(parameter.name or "")
    stronger = _STRONGER.get(source or ParameterSource.COMMANDLINE, ())
    excluded = _source_of(context, option.yields_to) in stronger if option.yields_to else False
    if option.for_named_target and source is ParameterSource.DEFAULT_MAP:
        # The file gives it for its own URL.
        excluded = _source_of(context, URL.name) in stronger
    if not excluded:
        return value
    return () if parameter.multiple else False if parameter.is_flag else None


_STRONGER: Mapping[ParameterSource, tuple[ParameterSource, ...]] = {
    ParameterSource.ENVIRONMENT: (ParameterSource.COMMANDLINE,),
    ParameterSource.DEFAULT_MAP: (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT),
}


def _source_of(context: click.Context, name: str) -> ParameterSource | None:
    """Where the value of another option comes from, if it is the command line or environment.

    Click knows of options of the command line before all others.
    """
    for one in context.command.params:
        if isinstance(one, ConfiguredOption) and one.declared.name == name:
            if context.get_parameter_source(one.name or "") is ParameterSource.COMMANDLINE:
                return ParameterSource.COMMANDLINE
            if one.value_from_envvar(context) is not None:
                return ParameterSource.ENVIRONMENT
    return None


def settings_of(cls: type[S], parameters: Mapping[str, Any]) -> S:
    """A frozen settings dataclass, filled from click's parameters by the names of its fields.

    A field that is itself a dataclass is filled in the same way; a field without a parameter
    keeps its default.
    """
    hints = get_type_hints(cls)
    values: dict[str, Any] = {}
    for one in fields(cls):  # type: ignore[arg-type]
        kind = hints[one.name]
        if is_dataclass(kind):
            values[one.name] = settings_of(kind, parameters)  # type: ignore[arg-type]
        elif one.name in parameters:
            value = parameters[one.name]
            is_enum = isinstance(kind, type) and issubclass(kind, Enum)
            values[one.name] = kind(value) if is_enum else value
    return cls(**values)
