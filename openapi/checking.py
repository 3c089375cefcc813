"""Checking a document against the OpenAPI specification itself."""

import importlib
from collections.abc import Iterator
from itertools import takewhile

import jsonschema_rs
from jsonschema_rs import ValidationError, ValidationErrorKind

from openapi.errors import ContractError
from openapi.reading import Document
from openapi.references import join

_MAX_REASONS = 3


def check_version(document: Document) -> str:
    """The document's OpenAPI version; raises :class:`ContractError` unless it is 3.0 or 3.1."""
    version = str(document.get("openapi") or document.get("swagger") or "")
    if not version.startswith(("3.0.", "3.1.")):
        raise ContractError("#/openapi", f"must be 3.0.x or 3.1.x, and is {version or 'missing'}")
    return version


def check_document(document: Document) -> None:
    """Raise :class:`ContractError` for the first place where the document is not OpenAPI.

    It is judged by the schema that the specification publishes. What that cannot say is checked
    where the contract is read: references, schemas, names that must differ.
    """
    name = "schema_v31" if check_version(document).startswith("3.1.") else "schema_v30"
    # The library costs a tenth of a second and ten megabytes: only a contract that has not
    # been checked before pays for it.
    published = getattr(importlib.import_module("openapi_spec_validator.schemas"), name)
    validator = jsonschema_rs.validator_for(dict(published), mask="what stands here")
    for error in validator.iter_errors(document):
        # Of the forms that an object may have, those were meant that fit it furthest.
        causes = list(_causes(error))
        depth = max(len(cause.instance_path) for cause in causes)
        telling = [cause for cause in causes if len(cause.instance_path) == depth]
        place = join("#", *_common([cause.instance_path for cause in telling]))
        reasons = list(dict.fromkeys(cause.message for cause in telling))[:_MAX_REASONS]
        raise ContractError(place, f"is not OpenAPI: {', or '.join(reasons)}")


def _causes(error: ValidationError) -> Iterator[ValidationError]:
    match error.kind:
        case ValidationErrorKind.AnyOf() | ValidationErrorKind.OneOfNotValid():
            for branch in error.kind.context:
                for cause in branch:
                    yield from _causes(cause)
        case _:
            yield error


def _common(paths: list[list[str | int]]) -> list[str | int]:
    """The steps that all paths begin with."""
    return [
        steps[0]
        for steps in takewhile(lambda steps: len(set(steps)) == 1, zip(*paths, strict=True))
    ]
