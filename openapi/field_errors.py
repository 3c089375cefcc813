"""The invalid fields of a value, by the errors of the library that validates it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import reduce
from itertools import islice
from operator import getitem
from typing import Any

from jsonschema_rs import ValidationError, ValidationErrorKind

from openapi.alternatives import TYPES, Alternatives, Located


@dataclass(frozen=True, slots=True)
class FieldError:
    """An invalid field: its path (``items[0].name``), the violated rule, a machine-readable code.

    ``detail`` never contains the value, which may be long, hostile or secret.
    """

    param: str
    detail: str
    code: str
    location: str = field(default="", compare=False)
    """The location of the parameter that it is of (``query``); empty for a field of the body."""
    is_certain: bool = field(default=True, compare=False)
    """Whether everybody who reads the schema finds it: not what has a format in some readings."""


MOST_LEVELS_OPENED = 8
"""Alternatives in alternatives whose errors are given: each validates what is in it once more."""

_MOST_OPENED = 10_000
"""Branches whose errors are given, for one value."""

UNTRUE = ("does not satisfy its schema", "invalid_value")
"""The detail and the code of a value whose errors are beyond the bounds."""


class InvalidFields:
    """The invalid fields of one value, by the library's errors.

    An error is that of a part of the value: ``path`` leads to the part, and the path of the error
    leads on from there. ``level`` counts the alternatives around it.
    """

    def __init__(self, alternatives: Alternatives, root: str) -> None:
        self._alternatives = alternatives
        self._root = root
        self._opened = 0
        self._seen: set[tuple[str, tuple[str | int, ...]]] = set()

    def of(
        self, located: Located, part: object, path: list[str | int], level: int = 0
    ) -> Iterator[FieldError]:
        """Yield the invalid fields that an error stands for."""
        error = located.error
        field, kind = [*path, *located.path], error.kind
        match kind:
            case ValidationErrorKind.Required():
                name = field_name([*field, kind.property], self._root)
                yield FieldError(name, "is required", "missing_required_field")
            case (
                ValidationErrorKind.AdditionalProperties()
                | ValidationErrorKind.UnevaluatedProperties()
            ):
                for unexpected in kind.unexpected:
                    name = field_name([*field, unexpected], self._root)
                    yield FieldError(name, "is not a known field", "unknown_field")
            case ValidationErrorKind.PropertyNames():
                name = field_name([*field, str(kind.error.instance)], self._root)
                yield FieldError(name, "does not have a documented name", "unknown_field")
            case ValidationErrorKind.FalseSchema() if places := self._alternatives.branches(error):
                inner = reduce(getitem, located.path, part)  # type: ignore[arg-type]
                if unnamed := self._alternatives.unnamed(error, inner):
                    member, names = unnamed
                    name = field_name([*field, member], self._root)
                    yield FieldError(name, f"must be one of {_listed(names)}", "invalid_value")
                    return
                chosen = self._alternatives.chosen(error, inner)
                yield from self._of_branches(places, chosen, inner, field, level)
            case ValidationErrorKind.FalseSchema() if self._alternatives.is_reference(error):
                yield FieldError(field_name(field, self._root), *UNTRUE)
            case _:
                name, certain = field_name(field, self._root), _is_certain(error)
                yield FieldError(name, *detail_and_code(error), is_certain=certain)

    def _of_branches(
        self, places: list[str], chosen: str | None, part: object, path: list[str | int], level: int
    ) -> Iterator[FieldError]:
        """Yield the errors of the branch that the value is nearest to, or what branches there are.

        ``chosen`` is the branch that the value's discriminator names.
        """
        # Several errors may lead to the same branches for the same part.
        if (places[0], tuple(path)) in self._seen:
            return
        self._seen.add((places[0], tuple(path)))
        name = field_name(path, self._root)
        if level == MOST_LEVELS_OPENED or self._opened + len(places) > _MOST_OPENED:
            yield FieldError(name, *self._no_form(places))
            return
        self._opened += len(places)
        branches = [self._alternatives.errors(place, part) for place in places]
        required = self._alternatives.required(places) if isinstance(part, dict) else []
        choices = [" with ".join(one) for one in required]
        if not all(branches):  # the value has several of the forms
            forms = [self._alternatives.form(place) for place in places]
            yield FieldError(name, *_several_forms(choices, forms, branches))
            return
        if choices:
            yield FieldError(name, f"must have one of {_listed(choices)}", "invalid_value")
            return
        if chosen:
            nearest = [branches[places.index(chosen)]]
        else:
            nearest = [branch for branch in branches if not _types_wanted(branch)]
        if not nearest:
            types = dict.fromkeys(one for branch in branches for one in _types_wanted(branch))
            yield FieldError(name, *_type_detail(types))
        elif len(nearest) == 1:
            for cause in nearest[0]:
                yield from self.of(cause, part, path, level + 1)
        else:
            yield from self._of_several(nearest, places, part, path, level)

    def _of_several(
        self,
        branches: list[list[Located]],
        places: list[str],
        part: object,
        path: list[str | int],
        level: int,
    ) -> Iterator[FieldError]:
        """Yield the errors of a value that several of the branches are for by its type."""
        own_kind = [branch for branch in branches if not _kinds_wanted(branch)]
        if not own_kind and (kinds := _shared_kinds(branches)):
            member, options = kinds
            name = field_name([*path, member], self._root)
            yield FieldError(name, f"must be one of {_listed(options)}", "invalid_value")
            return
        nearest = _nearest(own_kind or branches)
        if missing := _missing_in_all(nearest):
            for member in missing:
                name = field_name([*path, member], self._root)
                yield FieldError(name, "is required", "missing_required_field")
            return
        name = field_name(path, self._root)
        if len(nearest) == 1 or _are_alike(nearest):
            for cause in nearest[0]:
                yield from self.of(cause, part, path, level + 1)
        elif details := _whole_details(nearest):
            certain = all(_is_certain(branch[0].error) for branch in nearest)
            yield FieldError(name, *details, is_certain=certain)
        else:
            yield FieldError(name, *self._no_form(places))

    def _no_form(self, places: list[str]) -> tuple[str, str]:
        """The detail and the code for a value that is of none of the branches."""
        forms = [self._alternatives.form(place) for place in places]
        return f"has none of the documented forms: {_listed(forms)}", "invalid_value"


def _several_forms(
    choices: list[str], forms: list[str], branches: list[list[Located]]
) -> tuple[str, str]:
    """The detail and the code for a value that has several of the forms, each with its errors.

    ``choices`` are the members that each of them requires, where they require nothing else.
    """
    named = choices or forms
    given = _listed([one for one, errors in zip(named, branches, strict=True) if not errors])
    if choices:
        detail = f"has {given} together, and must have just one of {_listed(choices)}"
    else:
        detail = f"fits {given} at once, and must fit just one of {_listed(forms)}"
    return detail, "invalid_value"


def _types_wanted(branch: list[Located]) -> list[str]:
    """The types of an alternative that is for values of another type; empty for any other."""
    return [
        name
        for one in branch
        if isinstance(one.error.kind, ValidationErrorKind.Type) and not one.path
        for name in one.error.kind.types
    ]


def _kinds_wanted(branch: list[Located]) -> dict[str, list[Any]]:
    """The constants of an alternative (``kind: card``) that the value differs from, by member."""
    wanted: dict[str, list[Any]] = {}
    for one in branch:
        if len(one.path) == 1 and isinstance(one.path[0], str):
            match one.error.kind:
                case ValidationErrorKind.Constant() as kind:
                    wanted[one.path[0]] = [kind.expected_value]
                case ValidationErrorKind.Enum() as kind:
                    wanted[one.path[0]] = kind.options
                case _:
                    pass
    return wanted


def _shared_kinds(branches: list[list[Located]]) -> tuple[str, list[Any]] | None:
    """The member by which all alternatives are told apart, with all of its constants."""
    wanted = [_kinds_wanted(branch) for branch in branches]
    shared = [name for name in wanted[0] if all(name in one for one in wanted)]
    if not shared:
        return None
    options: list[Any] = []
    for one in wanted:
        options += [option for option in one[shared[0]] if option not in options]
    return shared[0], options


def _missing_in_all(branches: list[list[Located]]) -> list[str]:
    """The members that a value lacks by each of several alternatives."""
    missing = [
        [
            one.error.kind.property
            for one in branch
            if isinstance(one.error.kind, ValidationErrorKind.Required) and not one.path
        ]
        for branch in branches
    ]
    return [name for name in missing[0] if all(name in one for one in missing)]


def _nearest(branches: list[list[Located]]) -> list[list[Located]]:
    """The alternatives with the fewest missing members, and of these the fewest errors."""

    def distance(branch: list[Located]) -> tuple[int, int]:
        missing = sum(isinstance(one.error.kind, ValidationErrorKind.Required) for one in branch)
        return missing, len(branch)

    least = min(map(distance, branches))
    return [branch for branch in branches if distance(branch) == least]


def _are_alike(branches: list[list[Located]]) -> bool:
    """Whether several alternatives have the same errors."""
    texts = [{(one.path, one.error.message) for one in branch} for branch in branches]
    is_open = any(
        isinstance(one.error.kind, ValidationErrorKind.FalseSchema)
        for branch in branches
        for one in branch
    )
    return not is_open and all(one == texts[0] for one in texts)


def _whole_details(branches: list[list[Located]]) -> tuple[str, str] | None:
    """What the value itself must be by each alternative; None where one says something else."""
    whole = [branch[0] for branch in branches if len(branch) == 1 and not branch[0].path]
    if len(whole) < len(branches):
        return None
    if any(isinstance(one.error.kind, _OF_MEMBERS) for one in whole):
        return None
    details = [detail_and_code(one.error) for one in whole]
    codes = {code for _, code in details}
    code = codes.pop() if len(codes) == 1 else "invalid_value"
    return " or ".join(dict.fromkeys(detail for detail, _ in details)), code


_OF_MEMBERS = (
    ValidationErrorKind.Required,
    ValidationErrorKind.AdditionalProperties,
    ValidationErrorKind.UnevaluatedProperties,
    ValidationErrorKind.PropertyNames,
    ValidationErrorKind.FalseSchema,
)
"""Errors of a value that name its members, and those that stand for others."""

_MOST_LISTED = 100
_LONGEST_LIST = 4000
"""Limits on the options that a detail lists, and on their characters."""


def _type_detail(types: Any) -> tuple[str, str]:
    return f"must be {' or '.join(TYPES[name] for name in types)}", "invalid_type"


def detail_and_code(error: ValidationError) -> tuple[str, str]:
    """Return the detail and the code for an error of the value itself."""
    match error.kind:
        case ValidationErrorKind.Type() as kind:
            return _type_detail(kind.types)
        case ValidationErrorKind.Format() as kind:
            return _FORMATS.get(
                kind.format, f"must have the format {kind.format}"
            ), "invalid_format"
        case ValidationErrorKind.Pattern() as kind:
            return f"must match the pattern {kind.pattern}", "invalid_format"
        case ValidationErrorKind.Enum() as kind:
            detail = f"must be one of {_listed(kind.options)}"
        case ValidationErrorKind.Constant() as kind:
            detail = f"must be {_listed([kind.expected_value])}"
        case ValidationErrorKind.Contains():
            detail = "has too few items, or too many, of the kind that it must contain"
        case ValidationErrorKind.Not():
            detail = "is what is excluded here"
        case ValidationErrorKind.UnevaluatedItems():
            detail = "has more items than are allowed here"
        case ValidationErrorKind.FalseSchema():
            detail = "is not allowed here"
        case _:
            detail = error.message.removeprefix("the value ")
    return detail, "invalid_value"


def _is_certain(error: ValidationError) -> bool:
    """Whether no reading of the schema has another verdict.

    Formats have many, and regular expressions differ in line ends and in what is beyond ASCII.
    """
    match error.kind:
        case ValidationErrorKind.Format():
            return False
        case ValidationErrorKind.Pattern() as kind:
            text = str(error.instance)
            return text.isascii() and text.isprintable() and "[:" not in kind.pattern
        case _:
            return True


_FORMATS = {
    "date-time": 'must be a date-time with an offset (RFC 3339), such as "2027-03-04T00:00:00Z"',
    "date": 'must be a date (RFC 3339), such as "2027-03-04"',
    "byte": "must be base64 with its padding (RFC 4648)",
    "uuid": "must be a UUID (RFC 9562)",
    "email": "must be an e-mail address",
    "uri": "must be a URI (RFC 3986)",
    "uri-reference": "must be a URI reference (RFC 3986)",
}


def _listed(options: list[Any]) -> str:
    """The options in one line, the first of them where they are many or long."""
    shown: list[str] = []
    left = _LONGEST_LIST
    for one in islice(options, _MOST_LISTED):
        text = one if isinstance(one, str) else json.dumps(one)
        left -= len(text)
        if left < 0:
            break
        shown.append(text)
    more = len(options) - len(shown)
    return ", ".join([*shown, f"{more} more"] if shown and more else shown or [f"{more} values"])


def field_name(path: list[str | int], root: str) -> str:
    """The name of the field that a path leads to from a value of this name."""
    name = ""
    for step in path:
        if isinstance(step, int):
            name += f"[{step}]"
        else:
            name += f".{step}" if name else step
    if root and root != "body":
        return f"{root}{name}" if name.startswith("[") or not name else f"{root}.{name}"
    return name or root
