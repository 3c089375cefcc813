"""OpenAPI documents: read from YAML or JSON files, and validated against the specification."""

import codecs
import importlib.util
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson
import yaml
from jsonschema_rs import ValidationError, ValidationErrorKind

from openapi.errors import ContractError
from openapi.files import open_regular
from openapi.garbage import without_collecting

Document = dict[str, Any]
"""An OpenAPI document or a part of it, which holds only JSON's types."""

BUNDLED = Path(__file__).parent
"""The folder of the bundled contracts: ``dinie-<version>.yaml``, one file for each version."""

CONTROL = Path(__file__).parent / "mock-control.yaml"
"""The contract of the mock's control plane."""

MAX_DEPTH = 200
"""The limit of nested mappings and lists: deeper ones overflow the stack of the C parser."""

MAX_NODES = 2_000_000
"""The limit of values in a document, aliases expanded: more than published contracts have."""

MAX_BYTES = 64 << 20
"""The limit of a file, and of the text in it, aliases expanded."""

_MOST_DIGITS = 4_000
"""The digits of the longest integer that is read: Python reads none of more than 4,300."""

_MAX_REASONS = 3
"""The limit of reasons in the message about a document that is not OpenAPI."""

_JSON_TAGS = frozenset({"null", "bool", "int", "float", "str", "seq", "map"})


@contextmanager
def located_in(file: Path | None) -> Iterator[None]:
    """Put ``file`` before the place of a :class:`ContractError` raised inside the block."""
    try:
        yield
    except ContractError as error:
        if file is None:
            raise
        raise ContractError(f"{file} {error.place}", error.reason) from error


def bundled_path(version: str | None = None) -> Path:
    """Return the file of a bundled contract: of the newest version, unless ``version`` is given.

    Versions are dates (``2026-03-01``), so the newest is the last in order. Raises
    :class:`ContractError` for a version that is not bundled.
    """
    paths = {path.stem.removeprefix("dinie-"): path for path in BUNDLED.glob("dinie-*.yaml")}
    if version is not None and version not in paths:
        known = ", ".join(sorted(paths))
        raise ContractError(f"contract version {version}", f"is not bundled: choose from {known}")
    return paths[version or max(paths)]


def read_document(path: Path) -> Document:
    """Read an OpenAPI document.

    Raises :class:`ContractError` for a file that cannot be read, is not YAML or JSON, contains a
    key twice in one mapping, exceeds a limit, or has no mapping at its top level.
    """
    document, _ = read_file(path)
    return mapping(document, path)


def mapping(value: Any, path: Path) -> Document:
    """The value of a file, where it is a mapping; raises :class:`ContractError` for any other."""
    if not isinstance(value, dict):
        reason = "holds no OpenAPI document: its top level is not a mapping"
        raise ContractError(str(path), reason)
    return value


def read_file(path: Path) -> tuple[Any, bytes]:
    """Read the value of a YAML or JSON file, and its text; raises :class:`ContractError`."""
    with without_collecting():
        return _read_file(path)


def _read_file(path: Path) -> tuple[Any, bytes]:
    try:
        with open_regular(path) as file:
            text = file.read(MAX_BYTES + 1).removeprefix(codecs.BOM_UTF8)
    except OSError as error:
        raise ContractError(str(path), f"cannot be read: {error.strerror}") from error
    if len(text) > MAX_BYTES:
        raise ContractError(str(path), f"cannot be read: it has more than {MAX_BYTES} bytes")
    try:
        if path.suffix.lower() == ".json":
            value = _read_json(text)
        else:
            value = read_yaml(text)
            check_size(value)
    except orjson.JSONDecodeError as error:
        raise ContractError(f"{path}:{error.lineno}", f"is not JSON: {error.msg}") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ContractError(f"{path}:{line}", f"is not YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise ContractError(str(path), f"is not YAML: {str(error).splitlines()[0]}") from error
    except ValueError as error:
        raise ContractError(str(path), f"cannot be read: {error}") from error
    return value, text


def _read_json(text: bytes) -> Any:
    # Each value follows one of these; those in texts count too, so there may be twice as many.
    if sum(map(text.count, (b",", b"[", b"{"))) > 2 * MAX_NODES:
        raise ValueError(f"it has more than {2 * MAX_NODES} commas and brackets")
    value = orjson.loads(text)
    keys = check_size(value)
    # The standard library takes four times as long: it finds duplicate keys, and reads any integer.
    if _may_have_long_integers(text) or _ends_of_keys(text) != keys:
        value = json.loads(text, object_pairs_hook=_unique)
    return value


def _integer(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise ValueError(f"it has an integer of more than {_MOST_DIGITS} digits")
    return int(digits)


def _may_have_long_integers(text: bytes) -> bool:
    """Whether a text may have an integer of more than 64 bits; never False where it has one."""
    digits = text.translate(_ZEROS)
    at = digits.find(_LONG)
    while at >= 0:
        # Outside of a text it stands after one of these; empty where that is too far away.
        if text[max(0, at - 99) : at].rstrip(b"- \t\r\n")[-1:] in b":,[":
            return True
        at = digits.find(_LONG, at + len(_LONG))
    return False


_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_LONG = b"0" * 19


def _ends_of_keys(text: bytes) -> int:
    """How often a quote stands before a colon: once for each key, and hardly anywhere else."""
    text = text.translate(None, b" \t\r\n")
    if rb'\\"' in text:
        text = text.replace(rb"\\", b"")
    return text.count(b'":') - text.count(rb"\":")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the key {max(names, key=names.count)!r} stands twice")
    return found


def read_yaml(text: bytes) -> Any:
    """The value of a text in YAML's JSON schema, with unique keys, bounded levels and values.

    Raises :class:`ValueError` or :class:`yaml.YAMLError`.
    """
    # What each node in the collections around counts: in a mapping every second one is a key.
    around = [1.0]
    values = 0.0
    for event in yaml.parse(text, _JsonLoader):
        if isinstance(event, yaml.NodeEvent):
            values += around[-1]
        if isinstance(event, yaml.CollectionStartEvent):
            around.append(0.5 if isinstance(event, yaml.MappingStartEvent) else 1.0)
        elif isinstance(event, yaml.CollectionEndEvent):
            around.pop()
        if len(around) > MAX_DEPTH + 1:
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise ValueError(f"line {line} nests more than {MAX_DEPTH} levels")
        if values > MAX_NODES:
            raise _too_many_values()
    return yaml.load(text, _JsonLoader)  # noqa: S506 - a safe loader


def check_size(document: Any) -> int:
    """Enforce the limits after aliases, which can form a loop or expand to billions of values.

    Returns the number of keys.
    """
    level: list[Any] = [document] if isinstance(document, dict | list) else []
    nodes, depth, characters, keys = 0, 0, 0, 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise ValueError(f"it nests more than {MAX_DEPTH} levels")
        below = []
        for node in level:
            children = node
            if isinstance(node, dict):
                children = node.values()
                keys += len(node)
            nodes += len(node)
            if nodes > MAX_NODES:
                raise _too_many_values()
            for child in children:
                kind = type(child)  # of a million values: asked for the fastest way
                if kind is str:
                    characters += len(child)
                elif kind is dict or kind is list:
                    below.append(child)
            if characters > MAX_BYTES:
                raise ValueError(f"it holds more than {MAX_BYTES} characters of text")
        level = below
    return keys


def _too_many_values() -> ValueError:
    return ValueError(f"it holds more than {MAX_NODES} values")


def join(pointer: str, *steps: object) -> str:
    """Append steps to a JSON pointer, escaped by RFC 6901 section 3."""
    for step in steps:
        text = str(step)
        if "/" in text or "~" in text:
            text = text.replace("~", "~0").replace("/", "~1")
        pointer = f"{pointer}/{text}"
    return pointer


def name_of(step: str) -> str:
    """The name that a step of a JSON pointer stands for (RFC 6901 section 4)."""
    return step.replace("~1", "/").replace("~0", "~")


def check_version(document: Document) -> str:
    """Return the document's OpenAPI version; raises :class:`ContractError` unless 3.0 or 3.1.

    Without its last number (``openapi: 3.0``, to YAML a number) it is that of the first of these.
    """
    version = str(document.get("openapi") or document.get("swagger") or "")
    if version in {"3.0", "3.1"}:
        return f"{version}.0"
    if not version.startswith(("3.0.", "3.1.")):
        raise ContractError("#/openapi", f"must be 3.0.x or 3.1.x, and is {version or 'missing'}")
    return version


def document_errors(document: Document) -> Iterator[ContractError]:
    """The errors of a document by the JSON Schema that the specification publishes.

    The published schema does not cover references, schemas and unique names:
    :class:`~openapi.contract.Contract` checks those.
    """
    version = check_version(document)[:3]
    # Read as a file: its package costs a quarter of a second and ten megabytes.
    spec = importlib.util.find_spec("openapi_spec_validator")
    [folder] = (spec and spec.submodule_search_locations) or [""]
    published = json.loads((Path(folder) / f"resources/schemas/v{version}/schema.json").read_text())
    validator = jsonschema_rs.validator_for(published, mask="what stands here")
    for error in validator.iter_errors(document):
        # Of several alternatives, the errors deepest in the document tell most.
        causes = list(_causes(error))
        depth = max(len(cause.instance_path) for cause in causes)
        deepest = [cause for cause in causes if len(cause.instance_path) == depth]
        place = join("#", *_common([cause.instance_path for cause in deepest]))
        reasons = list(dict.fromkeys(cause.message for cause in deepest))[:_MAX_REASONS]
        yield ContractError(place, f"is not OpenAPI: {', or '.join(reasons)}")


def _causes(error: ValidationError) -> Iterator[ValidationError]:
    match error.kind:
        case ValidationErrorKind.AnyOf() | ValidationErrorKind.OneOfNotValid():
            for branch in error.kind.context:
                for cause in branch:
                    yield from _causes(cause)
        case _:
            yield error


def _common(paths: list[list[str | int]]) -> list[str | int]:
    """Return the longest common prefix of ``paths``."""
    return [
        steps[0]
        for steps in takewhile(lambda steps: len(set(steps)) == 1, zip(*paths, strict=True))
    ]


class _JsonLoader(yaml.CSafeLoader):
    """Loader of YAML's JSON schema, as OpenAPI 3.1 section 4.3 recommends, with unique keys.

    A plain scalar is a string unless JSON has a literal for it: dates, versions, ``yes`` and
    ``0123`` are strings.
    """

    yaml_implicit_resolvers = {  # noqa: RUF012 - the library's way to configure
        first: [
            (tag, pattern)
            for tag, pattern in resolvers
            if tag in {"tag:yaml.org,2002:null", "tag:yaml.org,2002:merge"}
        ]
        for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }
    yaml_constructors = {  # noqa: RUF012 - the library's way to configure
        tag: constructor
        for tag, constructor in yaml.CSafeLoader.yaml_constructors.items()
        if tag is None or tag.rpartition(":")[2] in _JSON_TAGS
    }

    _pairs = 0
    """The pairs of all mappings, those of a merged one (``<<``) once for each merge."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Refuse duplicate keys, before merge keys (``<<``) add their own."""
        self._pairs += len(node.value)
        if self._pairs > MAX_NODES:
            raise _too_many_values()
        seen: set[str] = set()
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue
            if not isinstance(key_node, yaml.ScalarNode):
                raise _problem("a key is not text", key_node)
            # Many documents have status codes without quotes as keys; in JSON each key is a string.
            key_node.tag = "tag:yaml.org,2002:str"
            if key_node.value in seen:
                raise _problem(f"the key {key_node.value!r} stands twice", key_node)
            seen.add(key_node.value)
        super().flatten_mapping(node)
        # A node merged elsewhere is flattened again: keep only the last value of each key.
        node.value = list(
            {key_node.value: (key_node, one) for key_node, one in node.value}.values()
        )


def _problem(text: str, node: yaml.Node) -> yaml.MarkedYAMLError:
    return yaml.constructor.ConstructorError(None, None, text, node.start_mark)


def _literal(pattern: re.Pattern[str], read: Callable[[str], Any]) -> Callable[..., Any]:
    """A constructor that takes JSON's literals alone: a tag may claim a type for any text."""

    def constructed(_: _JsonLoader, node: yaml.Node) -> Any:
        if not isinstance(node, yaml.ScalarNode) or not pattern.match(node.value):
            raise _problem(f"a value is no literal of its tag {node.tag}", node)
        return read(node.value)

    return constructed


for _tag, _text, _first, _read in (
    ("bool", r"true|false|True|False|TRUE|FALSE", "tTfF", lambda text: text.lower() == "true"),
    ("int", r"-?(?:0|[1-9][0-9]*)", "-0123456789", _integer),
    ("float", r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?", "-0123456789", float),
):
    _pattern = re.compile(rf"(?:{_text})\Z")
    _JsonLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", _pattern, list(_first))
    _JsonLoader.add_constructor(f"tag:yaml.org,2002:{_tag}", _literal(_pattern, _read))
