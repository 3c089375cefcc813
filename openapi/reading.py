"""From a YAML or JSON file to a document that holds only JSON's own types."""

import re
from pathlib import Path
from typing import Any

import orjson
import yaml

from openapi.errors import ContractError

Document = dict[str, Any]

BUNDLED = Path(__file__).parent / "dinie-2026-03-01.yaml"
"""The contract that this distribution plays and judges by."""


def read_document(path: Path) -> Document:
    """Read an OpenAPI document.

    Raises :class:`ContractError` for a file that cannot be read, is not YAML or JSON, names one
    key twice, or holds no mapping.
    """
    try:
        text = path.read_bytes()
    except OSError as error:
        raise ContractError(str(path), f"cannot be read: {error.strerror}") from error
    try:
        document = orjson.loads(text) if path.suffix == ".json" else yaml.load(text, _JsonLoader)  # noqa: S506 - a safe loader
    except orjson.JSONDecodeError as error:
        raise ContractError(f"{path}:{error.lineno}", f"is not JSON: {error.msg}") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ContractError(f"{path}:{line}", f"is not YAML: {error.problem}") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise ContractError(str(path), f"is not YAML: {str(error).splitlines()[0]}") from error
    if not isinstance(document, dict):
        raise ContractError(str(path), "holds no OpenAPI document: its top level is not a mapping")
    return document


class _JsonLoader(yaml.CSafeLoader):
    """YAML read as JSON: dates stay strings, only true and false are booleans, keys are unique."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - the library's way to configure
        first: [
            (tag, pattern)
            for tag, pattern in resolvers
            if tag not in {"tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool"}
        ]
        for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - the library's signature
        seen: set[str] = set()
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue
            # Status codes are written bare in many documents: JSON knows string keys only.
            key_node.tag = "tag:yaml.org,2002:str"
            if key_node.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key_node.value!r} stands twice", key_node.start_mark
                )
            seen.add(key_node.value)
        return super().construct_mapping(node, deep)


_JsonLoader.add_implicit_resolver(
    "tag:yaml.org,2002:bool",
    re.compile(r"^(?:true|false|True|False|TRUE|FALSE)$"),
    list("tTfF"),
)
