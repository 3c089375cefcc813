"""The contract as operations: loaded, checked, and with every schema compiled once."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import jsonschema_rs

from openapi.checking import check_document, check_version
from openapi.errors import ContractError
from openapi.operation import Answer, Header, MediaType, Operation, Parameter, RequestBody
from openapi.reading import BUNDLED, Document, read_document
from openapi.references import References, join
from openapi.schema import DOCUMENT, Schema
from openapi.versions import raise_to_31

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

_DEFAULT_STYLES = {"path": "simple", "query": "form", "header": "simple", "cookie": "form"}


class Contract:
    """An OpenAPI 3.0 or 3.1 document and the operations in it.

    ``document`` is in 3.1 form whatever was read. Raises :class:`ContractError` with the place
    and the reason where the document cannot be served.
    """

    def __init__(self, document: Document) -> None:
        if check_version(document).startswith("3.0."):
            raise_to_31(document)
        self.document = document
        self.version = str(document["info"]["version"])
        self.title = str(document["info"]["title"])
        self._references = References(document)
        self._registry = jsonschema_rs.Registry(resources=[(DOCUMENT, document)])
        self._schemas: dict[str, Schema] = {}
        self.security_schemes: Mapping[str, Document] = {
            name: self._references.follow(node, "#/components/securitySchemes")[0]
            for name, node in document.get("components", {}).get("securitySchemes", {}).items()
        }
        self.operations = {operation.id: operation for operation in self._operations()}
        if not self.operations:
            raise ContractError("#/paths", "holds no operation")

    @classmethod
    def bundled(cls) -> Self:
        """The contract inside this distribution, checked by the tests and not at every start."""
        return cls(read_document(BUNDLED))

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Read a contract from ``path`` and check it against the OpenAPI specification."""
        document = read_document(path)
        try:
            check_document(document)
            return cls(document)
        except ContractError as error:
            raise ContractError(f"{path} {error.place}", error.reason) from error

    @property
    def servers(self) -> tuple[str, ...]:
        """The URLs of the contract's servers, variables filled with their defaults."""
        urls = []
        for server in self.document.get("servers") or [{"url": "/"}]:
            defaults = {name: one["default"] for name, one in server.get("variables", {}).items()}
            urls.append(server["url"].format_map(defaults).rstrip("/"))
        return tuple(urls)

    @property
    def base_path(self) -> str:
        """The path of the first server: ``/v3`` for ``https://api.dinie.com.br/v3``."""
        return urlsplit(self.servers[0]).path

    def _operations(self) -> Iterator[Operation]:
        for path, reference in self.document.get("paths", {}).items():
            item, item_pointer = self._references.follow(reference, join("#/paths", path))
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
            content = self._content(body, body_pointer)
            request_body = RequestBody(body.get("required", False), content)
        security = node.get("security", self.document.get("security", []))
        for name in (name for requirement in security for name in requirement):
            if name not in self.security_schemes:
                raise ContractError(
                    join(pointer, "security"), f"names {name}, which is not defined"
                )
        return Operation(
            id=node.get("operationId", f"{method.upper()} {path}"),
            method=method.upper(),
            path=path,
            pointer=pointer,
            parameters=tuple(self._parameters(node, pointer, item, item_pointer)),
            request_body=request_body,
            answers={
                key.upper() if key != "default" else key: self._answer(
                    key, answer, join(pointer, "responses", key)
                )
                for key, answer in node.get("responses", {}).items()
            },
            security=tuple(
                {name: tuple(scopes) for name, scopes in requirement.items()}
                for requirement in security
            ),
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
                if "schema" not in one:
                    raise ContractError(place, "has no schema; parameters with content are unknown")
                style = one.get("style", _DEFAULT_STYLES[one["in"]])
                found[one["in"], one["name"]] = Parameter(
                    name=one["name"],
                    location=one["in"],
                    required=one.get("required", False),
                    schema=self._schema(join(place, "schema")),
                    style=style,
                    explode=one.get("explode", style == "form"),
                )
        yield from found.values()

    def _answer(self, key: str, reference: Document, pointer: str) -> Answer:
        node, place = self._references.follow(reference, pointer)
        headers = []
        for name, header_reference in node.get("headers", {}).items():
            header, _ = self._references.follow(header_reference, join(place, "headers", name))
            examples = [*_examples(header), *_examples(header.get("schema", {}))]
            headers.append(Header(name, examples[0] if examples else None))
        return Answer(
            key=key,
            pointer=place,
            description=node.get("description", ""),
            content=self._content(node, place),
            headers=tuple(headers),
        )

    def _content(self, node: Document, pointer: str) -> Mapping[str, MediaType]:
        content = {}
        for name, media_type in node.get("content", {}).items():
            place = join(pointer, "content", name)
            schema = self._schema(join(place, "schema")) if "schema" in media_type else None
            examples = [
                self._references.follow(example, join(place, "examples", label))[0].get("value")
                for label, example in media_type.get("examples", {}).items()
            ]
            if "example" in media_type:
                examples.append(media_type["example"])
            plain_name = name.partition(";")[0].strip().lower()
            content[plain_name] = MediaType(plain_name, schema, tuple(examples))
        return content

    def _schema(self, pointer: str) -> Schema:
        node = self._references.at(pointer)
        definition, target = self._references.follow_schema(node, pointer)
        if target not in self._schemas:
            self._schemas[target] = Schema(target, definition, self._registry)
        return self._schemas[target]

    def resolve_schema(self, definition: Any) -> Any:
        """What a schema that is only a reference stands for; any other is given back as it is."""
        return self._references.follow_schema(definition, "#")[0]


def _examples(node: Document) -> list[object]:
    """The examples of a header or a schema, in their several spellings."""
    found = [node["example"]] if "example" in node else []
    examples = node.get("examples", [])
    if isinstance(examples, dict):
        return [*found, *(one.get("value") for one in examples.values())]
    return [*found, *examples]
