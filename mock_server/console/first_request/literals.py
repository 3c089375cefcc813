"""Texts as literals of each language, so that no value of a contract is anything but a value.

Each result is on one line and has an escape for each character that cannot be seen, which is none
of JSON's and URLs' own: only a client's id or secret may have one.
"""

import re
import shlex
from collections.abc import Callable, Mapping
from typing import Any


class Literal(str):
    """Source text that was made here: a template shows nothing else."""

    __slots__ = ()


def shell(text: str) -> Literal:
    """A word of a POSIX shell, which has no escape for a character that cannot be seen."""
    return Literal(shlex.quote(text))


def python(value: Any) -> Literal:
    """A literal of Python, of a text or of a JSON value."""
    return Literal(repr(value))


def javascript(text: str) -> Literal:
    """A string of JavaScript (ECMA-262, section 12.9.4)."""
    return _between("'", text, _utf16)


def java(text: str) -> Literal:
    r"""A string of Java, in which ``\u000a`` would be a line end of the source (JLS, 3.3)."""
    return _between(
        '"', text, lambda one: rf"\{ord(one):03o}" if ord(one) <= _LAST_OCTAL else _utf16(one)
    )


def go(text: str) -> Literal:
    """A string of Go (Go Specification, "Rune literals"), which has no halves of a character."""
    return _between('"', text.encode("utf-8", "replace").decode(), _by_code_point)


def csharp(text: str) -> Literal:
    """A string of C# (C# Specification, section 6.4.5.6)."""
    return _between('"', text, _utf16)


def php(text: str) -> Literal:
    """A string of PHP: in single quotes, which have no variables, where all can be seen."""
    if text.isprintable():
        return _between("'", text, str)
    visible = _between('"', text, lambda one: rf"\u{{{ord(one):x}}}")
    return Literal(visible.replace("$", r"\$"))


LITERALS: Mapping[str, Callable[[Any], Literal]] = {
    one.__name__: one for one in (shell, python, javascript, java, go, csharp, php)
}
"""The filters of the templates: a template uses that of its language."""

_LAST_OCTAL = 0o377

_UNSEEN = re.compile(r"[^ -~]")


def _between(quote: str, text: str, escape: Callable[[str], str]) -> Literal:
    text = text.replace("\\", r"\\").replace(quote, f"\\{quote}")
    text = _UNSEEN.sub(lambda found: found[0] if found[0].isprintable() else escape(found[0]), text)
    return Literal(f"{quote}{text}{quote}")


def _utf16(character: str) -> str:
    """The escapes of the one or two halves of a character."""
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(rf"\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def _by_code_point(character: str) -> str:
    return rf"\U{ord(character):08x}"
