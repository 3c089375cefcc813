"""Validation of a document against the OpenAPI specification."""

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
    """Return the document's OpenAPI version; raises :class:`ContractError` unless 3.0 or 3.1."""
    version = str(document.get("openapi") or document.get("swagger") or "")
    if not version.startswith(("3.0.", "3.1.")):
        raise ContractError("#/openapi", f"must be 3.0.x or 3.1.x, and is {version or 'missing'}")
    return version


def check_document(document: Document) -> None:
    """Validate ``document`` against the JSON Schema that the specification publishes.

    Raises :class:`ContractError` for the first error. The published schema does not cover
    references, schemas and unique names: :class:`~openapi.contract.Contract` checks those.
    """
    name = "schema_v31" if check_version(document).startswith("3.1.") else "schema_v30"
    # Imported here: the library costs a tenth of a second and ten megabytes, and a bundled
    # contract does not need it.
    published = getattr(importlib.import_module("openapi_spec_validator.schemas"), name)
    validator = jsonschema_rs.validator_for(dict(published), mask="what stands here")
    for error in validator.iter_errors(document):
        # Of several alternatives, the errors deepest in the document tell most.
        causes = list(_causes(error))
        depth = max(len(cause.instance_path) for cause in causes)
        deepest = [cause for cause in causes if len(cause.instance_path) == depth]
        place = join("#", *_common([cause.instance_path for cause in deepest]))
        reasons = list(dict.fromkeys(cause.message for cause in deepest))[:_MAX_REASONS]
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
    """Return the longest common prefix of ``paths``."""
    return [
        steps[0]
        for steps in takewhile(lambda steps: len(set(steps)) == 1, zip(*paths, strict=True))
    ]
