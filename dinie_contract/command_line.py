"""From the options of :mod:`dinie_contract.options` to click, and from click to typed settings."""

import math
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import IO, Any, TypeVar, get_type_hints

import click
from click.core import ParameterSource

from dinie_contract.options import Option

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


KINDS: Mapping[str, click.ParamType[Any]] = {
    "text": click.STRING,
    "file": click.Path(path_type=Path),
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


class CommandGroup(click.Group):
    """A command with subcommands that ends with 2 where nobody reads its output (``| head``).

    Click would end it with 1, which is a verdict here.
    """

    def invoke(self, ctx: click.Context) -> Any:
        """Invoke the subcommand; standard output is written before it ends."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            discard(sys.stdout)
            raise click.exceptions.Exit(2) from None
        return result


def discard(stream: IO[str]) -> None:
    """Send the rest of a stream nowhere, what Python flushes at exit included."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def with_options(
    options: Iterable[Option], kinds: Mapping[str, click.ParamType[Any]]
) -> Callable[[Command], Command]:
    """Give a command these options; ``kinds`` are its own types, by the name of the kind."""

    def decorated(command: Command) -> Command:
        for one in reversed([*options]):
            command = _decorator(one, {**KINDS, **kinds})(command)
        return command

    return decorated


def _decorator(
    option: Option, kinds: Mapping[str, click.ParamType[Any]]
) -> Callable[[Command], Command]:
    name = f"--{option.name}"
    given: dict[str, Any] = {
        "help": option.help,
        "envvar": option.variable if option.has_variable else None,
        "callback": _unless_given(option.yields_to) if option.yields_to else None,
    }
    if option.kind == "switch":
        name, given["default"] = f"{name}/--no-{option.name}", option.default
    elif option.kind == "flag":
        given["is_flag"] = True
    else:
        given |= {
            "type": kinds[option.kind],
            "metavar": option.metavar or ("FILE" if option.kind == "file" else None),
            "multiple": option.multiple,
            "required": option.required,
        }
        if option.default is not None:
            given |= {"default": option.default, "show_default": True}
    return click.option(name, option.destination, **given)


def _unless_given(other: str) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """The callback of an option whose variable does not count beside the other option."""

    def callback(context: click.Context, parameter: click.Parameter, value: Any) -> Any:
        is_variable = (
            context.get_parameter_source(parameter.name or "") is ParameterSource.ENVIRONMENT
        )
        other_is_given = context.get_parameter_source(other) is ParameterSource.COMMANDLINE
        return None if is_variable and other_is_given else value

    return callback


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
