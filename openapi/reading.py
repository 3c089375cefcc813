"""Reads the operations of a document, and notes why a part of it cannot be read."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from openapi.discriminators import last_step
from openapi.document import Document, join
from openapi.errors import ContractError
from openapi.media_types import canonical, essence
from openapi.operation import (
    METHODS,
    PATH_PARAMETER,
    DocumentedResponse,
    Encoding,
    Header,
    MediaType,
    Operation,
    Parameter,
    RequestBody,
    Unserved,
    is_greedy,
    status_key,
)
from openapi.paths import as_sent, unsendable
from openapi.references import References
from openapi.rewriting import rewrite
from openapi.schema import Schema, Schemas
from openapi.servers import base_path_of, common_base, server_url

MAX_OPERATIONS = 10_000
"""The limit of operations in a document: each costs the start about a millisecond."""

_DEFAULT_STYLES = {"path": "simple", "query": "form", "header": "simple", "cookie": "form"}

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.6.2
_NO_PARAMETERS = ("accept", "content-type", "authorization")
"""Headers that a contract cannot declare as parameters (OpenAPI 3.1, section 4.8.12.2)."""

_UNREADABLE = (ContractError, AttributeError, LookupError, TypeError, ValueError)
"""What the reading of a part raises that is not of the form that it has by the specification."""


class Reading:
    """The parts of a document, which is rewritten in place as 3.1.

    ``errors`` are those by the OpenAPI specification, which say why a part cannot be read. Such a
    part is left out: ``flaws`` has why, and ``unserved`` the operations that are left out with it.
    """

    def __init__(self, document: Document, errors: Sequence[ContractError]) -> None:
        self.document = document
        self._errors = errors
        self.flaws: list[ContractError] = []
        self.unserved: list[Unserved] = []
        self._references = References(document)
        requests, responses = rewrite(document)
        self.response_schemas = Schemas(document, responses)
        self.request_schemas = (
            self.response_schemas if requests is responses else Schemas(document, requests)
        )
        self.security_schemes: Mapping[str, Document] = dict(self._security_schemes())
        self.servers = self._servers()
        self.base_path, self._prefixes = self._base_paths()
        # Those of the components, which many operations have.
        self._known_parameters: dict[str, Parameter] = {}
        self._known_responses: dict[str, DocumentedResponse] = {}
        self.operations: dict[str, Operation] = {}
        for operation in self._operations():
            if len(self.operations) == MAX_OPERATIONS:
                reason = f"holds more than {MAX_OPERATIONS} operations: copy the paths that you use"
                raise ContractError("#/paths", f"{reason} to a file of their own")
            self.operations[operation.id] = operation
        # An operation that cannot be read has an answer that says so, a path has none.
        if not self.operations and not any(one.method for one in self.unserved):
            for flaw in self.flaws if self.unserved else ():
                raise flaw
            raise self._explained("#/paths", ContractError("#/paths", "holds no operation"))

    def _servers(self) -> tuple[str, ...]:
        servers = self.document.get("servers") or [{"url": "/"}]
        try:
            return tuple(map(server_url, servers))
        except _UNREADABLE as error:
            self._leave_out("#/servers", error)
            return ()

    def _own_base(self, owner: Any, pointer: str, outer: str) -> str:
        """The base path by the servers of a part of the document; without any the ``outer`` one."""
        servers = owner.get("servers") if isinstance(owner, dict) else None
        if not servers:
            return outer
        place = join(pointer, "servers", 0)
        try:
            return base_path_of(server_url(servers[0]), place)
        except _UNREADABLE as error:
            self._leave_out(place, error)
            return outer

    def _base_paths(self) -> tuple[str, Mapping[str, str]]:
        """The base path of all operations, and what single ones have behind it, by pointer."""
        root = self._own_base(self.document, "#", "") if self.servers else ""
        found: dict[str, str] = {}
        paths = self.document.get("paths")
        for path, reference in paths.items() if isinstance(paths, dict) else ():
            pointer = join("#/paths", path)
            try:
                item, place = self._references.follow(reference, pointer)
                of_item = self._own_base(item, place, root)
                for method in (one for one in METHODS if one in item):
                    at = join(place, method)
                    found[at] = self._own_base(item[method], at, of_item)
            except _UNREADABLE:  # told of where the operations are read
                found[pointer] = root
        shared = common_base(found.values()) if found else root
        return shared, {at: base.removeprefix(shared) for at, base in found.items()}

    def _security_schemes(self) -> Iterator[tuple[str, Document]]:
        components = self.document.get("components")
        schemes = components.get("securitySchemes") if isinstance(components, dict) else None
        for name, node in schemes.items() if isinstance(schemes, dict) else ():
            place = join("#/components/securitySchemes", name)
            try:
                yield name, self._references.follow(node, place)[0]
            except _UNREADABLE as error:
                self._leave_out(place, error)

    def _operations(self) -> Iterator[Operation]:
        paths = self.document.get("paths")
        places: dict[tuple[str, str, bool], str] = {}
        for path, reference in paths.items() if isinstance(paths, dict) else ():
            if not path.startswith("/"):
                continue  # an extension
            if reason := unsendable(path):
                place = join("#/paths", path)
                self._leave_out(place, ContractError(place, reason), path)
                continue
            try:
                item, item_pointer = self._references.follow(reference, join("#/paths", path))
                methods = [method for method in METHODS if method in dict(item)]
            except _UNREADABLE as error:
                place = join("#/paths", path)
                self._leave_out(place, error, self._prefixes.get(place, "") + path)
                continue
            for method in methods:
                pointer = join(item_pointer, method)
                served = as_sent(self._prefixes.get(pointer, "") + path)
                shape = (method, PATH_PARAMETER.sub("{}", served), is_greedy(served))
                if shape in places:
                    flaw = ContractError(pointer, f"has the method and path of {places[shape]}")
                    self._leave_out(pointer, flaw)
                    continue
                places[shape] = pointer
                try:
                    yield self._operation(method, path, item, item_pointer)
                except _UNREADABLE as error:
                    self._leave_out(pointer, error, served, method.upper())

    def _leave_out(
        self, place: str, error: Exception, path: str | None = None, method: str | None = None
    ) -> ContractError:
        """Note why what is at a place is left out, and which path or operation is with it."""
        flaw = self._explained(place, error)
        self.flaws.append(flaw)
        if path is not None:
            self.unserved.append(Unserved(path, method, flaw))
        return flaw

    def _explained(self, place: str, error: Exception) -> ContractError:
        """The reason by the specification, where one says why a place cannot be read."""
        if isinstance(error, ContractError) and "is not OpenAPI" not in error.reason:
            known = [one for one in self._errors if one.place == error.place]
            return known[0] if known and place == "#/paths" else error
        inside = [one for one in self._errors if f"{one.place}/".startswith(f"{place}/")]
        around = [one for one in self._errors if f"{place}/".startswith(f"{one.place}/")]
        return next(iter([*inside, *around]), ContractError(place, "is not OpenAPI"))

    def _id(self, node: Document, method: str, path: str, pointer: str) -> str:
        """The ``operationId``, or method and path where there is none, or another has it."""
        place = f"{method.upper()} {path}"
        given = node.get("operationId", place)
        if isinstance(given, str) and given not in self.operations:
            return given
        where, reason = join(pointer, "operationId"), "is no text"
        if isinstance(given, str):
            reason = f"is that of {self.operations[given].pointer} too"
        self._leave_out(where, ContractError(where, reason))
        return place

    def _operation(self, method: str, path: str, item: Document, item_pointer: str) -> Operation:
        pointer = join(item_pointer, method)
        node = item[method]
        request_body = None
        if "requestBody" in node:
            body, body_pointer = self._references.follow(
                node["requestBody"], join(pointer, "requestBody")
            )
            content = self._content(body, body_pointer, self.request_schemas)
            request_body = RequestBody(body.get("required", False), content)
        parameters = tuple(self._parameters(node, pointer, item, item_pointer))
        names, rest = PATH_PARAMETER.findall(path), is_greedy(path)
        if rest:  # some declare the name with its mark
            marked = f"{names[-1]}+"
            parameters = tuple(
                replace(one, name=names[-1]) if one.name == marked else one for one in parameters
            )
        declared = {one.name for one in parameters if one.location == "path"}
        for name in names[:-1] if rest else names:
            if name not in declared:
                raise ContractError(pointer, f"declares no path parameter {name}")
        for one in parameters:
            if one.location == "path" and one.name not in names:
                reason = f"has a path parameter {one.name}, which is not in the path"
                self._leave_out(pointer, ContractError(pointer, reason))
        prefix = self._prefixes.get(pointer, "")
        return Operation(
            id=self._id(node, method, prefix + path, pointer),
            method=method.upper(),
            path=as_sent(prefix + path),
            prefix=prefix,
            pointer=pointer,
            parameters=tuple(
                one for one in parameters if one.location != "path" or one.name in names
            ),
            request_body=request_body,
            responses=dict(self._responses(node, pointer)),
            security=tuple(self._security(node, pointer)),
            summary=str(node.get("summary", "")),
        )

    def _security(self, node: Document, pointer: str) -> Iterator[Mapping[str, tuple[str, ...]]]:
        """The alternatives whose schemes are all there; raises where none of them is."""
        owner = node if "security" in node else self.document
        given: list[dict[str, Any]] = owner.get("security", [])
        place, known = join(pointer, "security"), self.security_schemes.keys()
        unknown = [name for requirement in given for name in requirement if name not in known]
        reasons = [ContractError(place, f"names {name}, which is not defined") for name in unknown]
        sound = [requirement for requirement in given if requirement.keys() <= known]
        if reasons and not sound:
            raise reasons[0]
        for one in reasons:
            self._leave_out(place, one)
        for requirement in sound:
            yield {name: tuple(scopes) for name, scopes in requirement.items()}

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
                if place not in self._known_parameters:
                    self._known_parameters[place] = self._parameter(one, place)
                found[one["in"], one["name"]] = self._known_parameters[place]
        yield from found.values()

    def _parameter(self, node: Document, pointer: str) -> Parameter:
        style = node.get("style", _DEFAULT_STYLES[node["in"]])
        schema, media_type = self._parameter_schema(node, pointer)
        return Parameter(
            name=node["name"],
            location=node["in"],
            required=node.get("required", False),
            schema=schema,
            style=style,
            explode=node.get("explode", style == "form"),
            media_type=media_type,
            allows_empty=node["in"] == "query" and node.get("allowEmptyValue") is True,
            examples=tuple(self._examples(node, pointer).values()),
        )

    def _parameter_schema(self, node: Document, pointer: str) -> tuple[Schema, str | None]:
        """The schema of a parameter, and the media type of its value if it has ``content``."""
        if "schema" in node:
            return self.request_schemas.at(join(pointer, "schema")), None
        for name, media_type in node.get("content", {}).items():
            if "schema" not in media_type:
                return Schemas({}).at("#"), essence(name)
            place = join(pointer, "content", name, "schema")
            return self.request_schemas.at(place), essence(name)
        raise ContractError(pointer, "has neither a schema nor content")

    def _responses(self, node: Document, at: str) -> Iterator[tuple[str, DocumentedResponse]]:
        for name, reference in node.get("responses", {}).items():
            place, key = join(at, "responses", name), status_key(name)
            if key:
                try:
                    yield key, self._response(key, reference, place)
                except _UNREADABLE as error:
                    flaw = self._leave_out(place, error)
                    yield key, DocumentedResponse(key=key, pointer=place, flaw=flaw)
            elif not name.startswith("x-"):
                self._leave_out(place, ContractError(place, "is under no status"))

    def _response(self, key: str, reference: Document, pointer: str) -> DocumentedResponse:
        node, place = self._references.follow(reference, pointer)
        if place not in self._known_responses:
            self._known_responses[place] = self._documented(key, node, place)
        found = self._known_responses[place]
        return found if found.key == key else replace(found, key=key)

    def _documented(self, key: str, node: Document, place: str) -> DocumentedResponse:
        headers = []
        for name, reference in node.get("headers", {}).items():
            at = join(place, "headers", name)
            try:
                headers.append(self._header(name, *self._references.follow(reference, at)))
            except _UNREADABLE as error:  # the answer is sound without it
                self._leave_out(at, error)
        return DocumentedResponse(
            key=key,
            pointer=place,
            description=node.get("description", ""),
            content=self._content(node, place, self.response_schemas),
            headers=tuple(headers),
            links=node.get("links", {}),
        )

    def _header(self, name: str, node: Document, place: str) -> Header:
        if not _HEADER_NAME.fullmatch(name):
            raise ContractError(place, "has no name that a header may have")
        required, explode = node.get("required", False), node.get("explode") is True
        media_type = next(iter(node.get("content", {})), None)
        if media_type is not None:
            node, place = node["content"][media_type], join(place, "content", media_type)
        examples = self._examples(node, place)
        schema = self.response_schemas.at(join(place, "schema")) if "schema" in node else None
        if schema:
            examples |= self._examples(schema.definition, schema.pointer)
        values, places = tuple(examples.values()), tuple(examples)
        return Header(name, required, schema, values, places, explode, media_type)

    def _content(self, node: Document, pointer: str, schemas: Schemas) -> Mapping[str, MediaType]:
        content: dict[str, MediaType] = {}
        for name, media_type in node.get("content", {}).items():
            place = join(pointer, "content", name)
            if re.search(r"[^ -~]", name.strip()):
                self._leave_out(place, ContractError(place, "is no text that a header may have"))
                continue
            schema = schemas.at(join(place, "schema")) if "schema" in media_type else None
            examples = self._examples(media_type, place)
            named = join(place, "examples", "")
            one = MediaType(
                canonical(name),
                schema,
                tuple(examples.values()),
                tuple(examples),
                {
                    last_step(pointer): value
                    for pointer, value in examples.items()
                    if pointer.startswith(named) and isinstance(media_type["examples"], dict)
                },
                {
                    key: self._encoding(node, join(place, "encoding", key))
                    for key, node in media_type.get("encoding", {}).items()
                },
            )
            content.setdefault(one.name, one)
        return content

    def _encoding(self, node: Document, pointer: str) -> Encoding:
        """The encoding of a property; a media type is ignored beside a style."""
        is_styled = "style" in node or "explode" in node
        style = node.get("style", "form") if is_styled else None
        names = "" if is_styled else node.get("contentType", "")
        content_types = tuple(essence(one) for one in names.split(",") if one.strip())
        headers = tuple(self._part_headers(node, pointer))
        return Encoding(content_types, style, node.get("explode", style == "form"), headers)

    def _part_headers(self, node: Document, pointer: str) -> Iterator[Parameter]:
        for name, reference in node.get("headers", {}).items():
            place = join(pointer, "headers", name)
            try:
                header, at = self._references.follow(reference, place)
                if name.lower() != "content-type":  # described by the encoding itself
                    yield self._parameter({**header, "name": name, "in": "header"}, at)
            except _UNREADABLE as error:  # the part is sound without it
                self._leave_out(place, error)

    def _examples(self, node: Document, pointer: str) -> dict[str, Any]:
        """The ``example`` and ``examples`` of a media type, a header or a schema, by pointer."""
        found = {join(pointer, "example"): node["example"]} if "example" in node else {}
        examples = node.get("examples", [])
        if isinstance(examples, list):
            places = (join(pointer, "examples", at) for at in range(len(examples)))
            return found | dict(zip(places, examples, strict=True))
        for label, reference in examples.items():
            place = join(pointer, "examples", label)
            try:
                example, _ = self._references.follow(reference, place)
                if "value" in example:  # else it is an externalValue, outside of the contract
                    found[place] = example["value"]
            except _UNREADABLE as error:
                self._leave_out(place, error)
        return found
