"""Checking a document against the OpenAPI specification itself."""

import importlib

from openapi.errors import ContractError
from openapi.reading import Document
from openapi.references import join


def check_version(document: Document) -> str:
    """The document's OpenAPI version; raises :class:`ContractError` unless it is 3.0 or 3.1."""
    version = str(document.get("openapi") or document.get("swagger") or "")
    if not version.startswith(("3.0.", "3.1.")):
        raise ContractError("#/openapi", f"must be 3.0.x or 3.1.x, and is {version or 'missing'}")
    return version


def check_document(document: Document) -> None:
    """Raise :class:`ContractError` for the first place where the document is not OpenAPI."""
    kind = "V31" if check_version(document).startswith("3.1.") else "V30"
    # The library costs a tenth of a second and ten megabytes: only a contract that has not
    # been checked before pays for it.
    library = importlib.import_module("openapi_spec_validator")
    validator = getattr(library, f"OpenAPI{kind}SpecValidator")(document)
    for error in validator.iter_errors():
        place = join("#", *getattr(error, "absolute_path", ()))
        raise ContractError(place, f"is not OpenAPI: {str(error).splitlines()[0]}")
