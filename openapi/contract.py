"""The contract as operations, with each schema compiled once."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote, urlsplit

from openapi.document import (
    CONTROL,
    ContractError,
    Document,
    bundled_path,
    check_document,
    check_version,
    join,
    located_in,
    read_document,
)
from openapi.operation import (
    DocumentedResponse,
    Encoding,
    Header,
    MediaType,
    Operation,
    Parameter,
    RequestBody,
    canonical,
    essence,
)
from openapi.references import References
from openapi.resource import Resource, creates, issues_tokens
from openapi.rewriting import for_requests_and_responses, upgrade_to_31
from openapi.schema import Schema, Schemas

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

MAX_OPERATIONS = 10_000
"""The limit of operations in a document: each costs the start about a millisecond."""

_DEFAULT_STYLES = {"path": "simple", "query": "form", "header": "simple", "cookie": "form"}

_NO_PARAMETERS = ("accept", "content-type", "authorization")
"""Headers that a contract cannot declare as parameters (OpenAPI 3.1, section 4.8.12.2)."""

IMPLIED = "2026-03-01"
"""The version that a finding or a script is of that names no contract."""

_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}")
"""The versions of bundled contracts."""

PATH_PARAMETER = re.compile(r"\{([^{}]*)\}")
"""A parameter in a path template, or a variable in a server's URL."""


class Contract:
    """An OpenAPI 3.0 or 3.1 document and the operations in it.

    ``document`` is in 3.1 form; a 3.0 document is upgraded in place. Raises
    :class:`ContractError` with the place and the reason if the document cannot be served.
    """

    is_bundled = False
    """Whether it is of this distribution, and so named by its version alone."""

    def __init__(self, document: Document) -> None:
        if check_version(document).startswith("3.0."):
            upgrade_to_31(document)
        self.document = document
        self.version = str(document["info"]["version"])
        self.title = str(document["info"]["title"])
        self._references = References(document)
        requests, responses = for_requests_and_responses(document)
        self._response_schemas = Schemas(responses)
        self._request_schemas = (
            self._response_schemas if requests is responses else Schemas(requests)
        )
        self.security_schemes: Mapping[str, Document] = {
            name: self._references.follow(node, "#/components/securitySchemes")[0]
            for name, node in document.get("components", {}).get("securitySchemes", {}).items()
        }
        self.servers = tuple(self._servers())
        """The URLs of the contract's servers, with the defaults of their variables."""
        self.base_path = _path(self.servers[0])
        """The path of the first server: ``/v3`` for ``https://api.dinie.com.br/v3``."""
        self.operations: dict[str, Operation] = {}
        for operation in self._operations():
            if operation.id in self.operations:
                other = self.operations[operation.id].pointer
                raise ContractError(operation.pointer, f"has the operationId of {other}")
            self.operations[operation.id] = operation
            if len(self.operations) > MAX_OPERATIONS:
                reason = f"holds more than {MAX_OPERATIONS} operations: copy the paths that you use"
                raise ContractError("#/paths", f"{reason} to a file of their own")
        if not self.operations:
            raise ContractError("#/paths", "holds no operation")
        self.resources = tuple(
            Resource.created_by(one, self.operations)
            for one in self.operations.values()
            if creates(one)
        )
        """The kinds of resource that its operations create."""
        # An operation that several have is the first one's.
        self._resource_of = {
            operation: one for one in reversed(self.resources) for operation in one.operations
        }

    @classmethod
    def bundled(cls, version: str | None = None) -> Self:
        """Read a contract of this distribution: the newest version, unless ``version`` is given.

        The tests check these documents against the OpenAPI specification, so a start does not.
        Raises :class:`ContractError` for a version that is not bundled.
        """
        found = cls(read_document(bundled_path(version)))
        found.is_bundled = True
        return found

    @classmethod
    def named(cls, name: Path | None) -> Self:
        """Read the contract that ``--contract`` names: a file, or the version of a bundled one.

        Without a name it is the newest bundled version. Raises :class:`ContractError`.
        """
        if name is None:
            return cls.bundled()
        return cls.bundled(str(name)) if _VERSION.fullmatch(str(name)) else cls.from_file(name)

    @classmethod
    def control(cls) -> Self:
        """Read the contract of the mock's control plane; the tests check it as well."""
        return cls(read_document(CONTROL))

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Read a contract from ``path`` and check it against the OpenAPI specification."""
        document = read_document(path)
        with located_in(path):
            check_document(document)
            return cls(document)

    @cached_property
    def identity(self) -> str:
        """The name of this contract and no other: the version of a bundled one.

        That of a file has its title, its version and a digest of its content.
        """
        if self.is_bundled:
            return self.version
        text = json.dumps(self.document, sort_keys=True, default=str)
        return f"{self.title} {self.version} ({sha256(text.encode()).hexdigest()[:12]})"

    @property
    def label(self) -> str:
        """The contract as findings and scripts name it: empty for that which they imply."""
        return "" if self.identity == IMPLIED else self.identity

    @cached_property
    def credentials(self) -> Resource | None:
        """The resource that is exchanged for access tokens; None where no resource has a secret."""
        return next((one for one in self.resources if one.secret), None)

    @cached_property
    def token_operation(self) -> Operation | None:
        """The operation that issues access tokens; None where the contract has none."""
        return next(filter(issues_tokens, self.operations.values()), None)

    def resource_of(self, operation: Operation) -> Resource | None:
        """The resource that an operation creates, lists or revokes; None where it does neither."""
        return self._resource_of.get(operation)

    def _servers(self) -> Iterator[str]:
        for server in self.document.get("servers") or [{"url": "/"}]:
            url = server["url"]
            for name, variable in server.get("variables", {}).items():
                url = url.replace(f"{{{name}}}", str(variable["default"]))
            yield url.rstrip("/")

    def _operations(self) -> Iterator[Operation]:
        shapes: dict[str, str] = {}
        for path, reference in self.document.get("paths", {}).items():
            if not path.startswith("/"):
                continue  # an extension
            item, item_pointer = self._references.follow(reference, join("#/paths", path))
            same = shapes.setdefault(PATH_PARAMETER.sub("{}", path), path)
            if same != path:
                raise ContractError(join("#/paths", path), f"is the same path as {same}")
            for method in METHODS:
                if method in item:
                    yield self._operation(method, path, item, item_pointer)

    def _operation(self, method: str, path: str, item: Document, item_pointer: str) -> Operation:
        pointer = join(item_pointer, method)
        node = item[method]
        request_body = None
        if "requestBody" in node:
            body, body_pointer = self._references.follow(
                node["requestBody"], join(pointer, "requestBody")
            )
            content = self._content(body, body_pointer, self._request_schemas)
            request_body = RequestBody(body.get("required", False), content)
        security = node.get("security", self.document.get("security", []))
        for name in (name for requirement in security for name in requirement):
            if name not in self.security_schemes:
                raise ContractError(
                    join(pointer, "security"), f"names {name}, which is not defined"
                )
        parameters = tuple(self._parameters(node, pointer, item, item_pointer))
        declared = {one.name for one in parameters if one.location == "path"}
        for name in PATH_PARAMETER.findall(path):
            if name not in declared:
                raise ContractError(pointer, f"declares no path parameter {name}")
        return Operation(
            id=node.get("operationId", f"{method.upper()} {path}"),
            method=method.upper(),
            path=path,
            pointer=pointer,
            parameters=parameters,
            request_body=request_body,
            responses={
                key.upper() if key != "default" else key: self._response(
                    key, response, join(pointer, "responses", key)
                )
                for key, response in node.get("responses", {}).items()
                if not key.startswith("x-")
            },
            security=tuple(
                {name: tuple(scopes) for name, scopes in requirement.items()}
                for requirement in security
            ),
            summary=node.get("summary", ""),
        )

    def _parameters(
        self, node: Document, pointer: str, item: Document, item_pointer: str
    ) -> Iterator[Parameter]:
        found: dict[tuple[str, str], Parameter] = {}
        for owner, owner_pointer in ((item, item_pointer), (node, pointer)):
            for index, reference in enumerate(owner.get("parameters", [])):
                one, place = self._references.follow(
                    reference, join(owner_pointer, "parameters", index)
                )
                if one["in"] == "header" and one["name"].lower() in _NO_PARAMETERS:
                    continue
                style = one.get("style", _DEFAULT_STYLES[one["in"]])
                schema, media_type = self._parameter_schema(one, place)
                found[one["in"], one["name"]] = Parameter(
                    name=one["name"],
                    location=one["in"],
                    required=one.get("required", False),
                    schema=schema,
                    style=style,
                    explode=one.get("explode", style == "form"),
                    media_type=media_type,
                    allows_empty=one["in"] == "query" and one.get("allowEmptyValue") is True,
                )
        yield from found.values()

    def _parameter_schema(self, node: Document, pointer: str) -> tuple[Schema, str | None]:
        """The schema of a parameter, and the media type of its value if it has ``content``."""
        if "schema" in node:
            return self._request_schemas.at(join(pointer, "schema")), None
        for name, media_type in node.get("content", {}).items():
            if "schema" not in media_type:
                return Schemas({}).at("#"), essence(name)
            place = join(pointer, "content", name, "schema")
            return self._request_schemas.at(place), essence(name)
        raise ContractError(pointer, "has neither a schema nor content")

    def _response(self, key: str, reference: Document, pointer: str) -> DocumentedResponse:
        node, place = self._references.follow(reference, pointer)
        headers = []
        for name, header_reference in node.get("headers", {}).items():
            header, header_place = self._references.follow(
                header_reference, join(place, "headers", name)
            )
            schema = (
                self._response_schemas.at(join(header_place, "schema"))
                if "schema" in header
                else None
            )
            examples = self._examples(header, header_place)
            if schema:
                examples += self._examples(schema.definition, schema.pointer)
            required = header.get("required", False)
            headers.append(Header(name, required, schema, tuple(examples)))
        return DocumentedResponse(
            key=key,
            pointer=place,
            description=node.get("description", ""),
            content=self._content(node, place, self._response_schemas),
            headers=tuple(headers),
            links=node.get("links", {}),
        )

    def _content(self, node: Document, pointer: str, schemas: Schemas) -> Mapping[str, MediaType]:
        content: dict[str, MediaType] = {}
        for name, media_type in node.get("content", {}).items():
            place = join(pointer, "content", name)
            schema = schemas.at(join(place, "schema")) if "schema" in media_type else None
            examples = self._examples(media_type, place)
            one = MediaType(
                canonical(name),
                schema,
                tuple(examples),
                self._named_examples(media_type, place),
                {key: _encoding(node) for key, node in media_type.get("encoding", {}).items()},
            )
            content.setdefault(one.name, one)
        return content

    def _examples(self, node: Document, pointer: str) -> list[Any]:
        """The ``example`` and ``examples`` of a media type, a header or a schema."""
        found = [node["example"]] if "example" in node else []
        listed = node.get("examples")
        found += listed if isinstance(listed, list) else []
        return [*found, *self._named_examples(node, pointer).values()]

    def _named_examples(self, node: Document, pointer: str) -> dict[str, Any]:
        """The ``examples`` of a media type or a header, by their names."""
        found = {}
        examples = node.get("examples")
        for label, reference in examples.items() if isinstance(examples, dict) else ():
            example, _ = self._references.follow(reference, join(pointer, "examples", label))
            if "value" in example:  # else it is an externalValue, outside of the contract
                found[label] = example["value"]
        return found

    def resolve_schema(self, definition: Any) -> Any:
        """Resolve a schema that is only a reference; any other is returned as it is."""
        return self._response_schemas.resolve(definition)


def _encoding(node: Document) -> Encoding:
    """The encoding of a property; a media type is ignored beside a style."""
    is_styled = "style" in node or "explode" in node
    style = node.get("style", "form") if is_styled else None
    names = "" if is_styled else node.get("contentType", "")
    content_types = tuple(essence(one) for one in names.split(",") if one.strip())
    return Encoding(content_types, style, node.get("explode", style == "form"))


def _path(url: str) -> str:
    try:
        path = urlsplit(url).path
    except ValueError as error:
        raise ContractError("#/servers/0/url", f"is no URL: {error}") from error
    if PATH_PARAMETER.search(path):
        raise ContractError("#/servers/0", f"has a path with a variable without default: {path}")
    return unquote(f"/{path.lstrip('/')}") if path else ""
