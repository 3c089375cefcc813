"""The contract as operations, with each schema compiled once."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

from openapi.document import (
    CONTROL,
    Document,
    bundled_path,
    check_version,
    document_errors,
    located_in,
    read_document,
)
from openapi.envelopes import envelope_of
from openapi.errors import ContractError
from openapi.operation import (
    Operation,
    Unserved,
)
from openapi.reading import Reading
from openapi.resource import (
    Resource,
    issues_tokens,
    made_in,
    makes_by_put,
    makes_resource,
    secret_member,
)
from openapi.security import API_KEY, BEARER, MUTUAL_TLS, kind_of
from openapi.several import Several, several_made_by
from openapi.several_files import read_contract

IMPLIED = "2026-03-01"
"""The version that a finding or a script is of that names no contract."""

_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}")
"""The versions of bundled contracts."""


BASIC_PLACE = "basic Authorization"
"""The place of user and password of HTTP Basic."""

KEY_PLACE = (
    r"(?!header (?i:host|connection|content-length|transfer-encoding|upgrade)$)"
    rf"((header|query|cookie) [A-Za-z0-9_.~-]{{1,100}}|{BASIC_PLACE})"
)
"""The pattern of a place of an API key, or of HTTP Basic.

It is no header of framing, and nothing that a shell reads.
"""


class Contract:
    """An OpenAPI 3.0 or 3.1 document and the operations in it.

    ``document`` is in 3.1 form; a 3.0 document is upgraded in place. ``errors`` are those by the
    OpenAPI specification, which say why a part cannot be read. Such a part is left out, and told
    in ``flaws``. Raises :class:`ContractError` where no operation is left, or the version is
    unknown.
    """

    is_bundled = False
    """Whether it is of this distribution, and so named by its version alone."""

    def __init__(self, document: Document, errors: Sequence[ContractError] = ()) -> None:
        check_version(document)
        self.document = document
        info = document.get("info")
        info = info if isinstance(info, dict) else {}
        self.version = str(info.get("version", ""))
        self.title = str(info.get("title", ""))
        reading = Reading(document, errors)
        self.flaws: Sequence[ContractError] = reading.flaws
        """Why parts of the document are left out, in order."""
        self.errors = errors
        """The errors by the specification, most of which leave nothing out."""
        self.unserved: Sequence[Unserved] = reading.unserved
        """The operations that cannot be read."""
        self.security_schemes = reading.security_schemes
        self.servers = reading.servers
        """The URLs of the contract's servers, with the defaults of their variables."""
        self.base_path = reading.base_path
        """The path of the first server: ``/v3`` for ``https://api.dinie.com.br/v3``.

        Where single paths have other servers, it is what the paths of all begin with.
        """
        self.operations: Mapping[str, Operation] = reading.operations
        self._response_schemas = reading.response_schemas
        self._resources: dict[Operation, Resource | None] = {}
        for operation in self.operations.values():
            object.__setattr__(operation, "contract", self)

    @cached_property
    def resources(self) -> tuple[Resource, ...]:
        """The kinds of resource that its operations make: by POST, and what only a PUT makes."""
        found = map(self._created_by, self.operations.values())
        posted = [one for one in found if one]
        known = {base for one in posted for base in one.bases}
        known |= {one.path for one in self.operations.values() if one.method == "POST"}
        puts = (one for one in self.operations.values()
                if makes_by_put(one) and made_in(one) not in known)  # fmt: skip
        return (*posted, *(Resource.created_by(one, self.operations) for one in puts))

    @cached_property
    def several(self) -> tuple[Several, ...]:
        """What its operations make several of at once."""
        return tuple(filter(None, map(several_made_by, self.operations.values())))

    @cached_property
    def enveloped(self) -> tuple[Operation, ...]:
        """The operations whose answers have a resource in an envelope."""
        return tuple(one for one in self.operations.values() if envelope_of(one))

    def _created_by(self, operation: Operation) -> Resource | None:
        """The resource that an operation creates, read once; None where it creates none."""
        if operation not in self._resources:
            self._resources[operation] = (
                Resource.created_by(operation, self.operations)
                if makes_resource(operation, self.operations)
                else None
            )
        return self._resources[operation]

    @cached_property
    def _resource_of(self) -> Mapping[Operation, Resource]:
        # An operation that several have is the first one's.
        return {operation: one for one in reversed(self.resources) for operation in one.operations}

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
    def named(cls, name: Path | None, *, strict: bool = False) -> Self:
        """Read the contract that ``--contract`` names: a file, or the version of a bundled one.

        Without a name it is the newest bundled version. Raises :class:`ContractError`.
        """
        if name is None:
            return cls.bundled()
        if _VERSION.fullmatch(str(name)):
            return cls.bundled(str(name))
        return cls.from_file(name, strict=strict)

    @classmethod
    def to_judge_by(cls, name: Path | None) -> Self:
        """As :meth:`named`, but without the operations that have a schema that cannot be used.

        They are in ``flaws`` like what cannot be read.
        """
        found = cls.named(name)
        if not found.is_bundled:
            found.leave_out_unusable()
        return found

    def leave_out_unusable(self) -> None:
        """Leave out the operations with a schema that cannot be used; raises where none is left."""
        usable: dict[str, Operation] = {}
        for operation in self.operations.values():
            try:
                for schema in operation.schemas():
                    schema.check()
            except ContractError as flaw:
                self.flaws = [*self.flaws, flaw]
            else:
                usable[operation.id] = operation
        if not usable:
            raise next(iter(self.flaws))
        self.operations = usable

    @classmethod
    def control(cls) -> Self:
        """Read the contract of the mock's control plane; the tests check it as well."""
        return cls(read_document(CONTROL))

    @classmethod
    def from_file(cls, path: Path, *, strict: bool = False) -> Self:
        """Read a contract from ``path`` and check it against the OpenAPI specification.

        With ``strict`` it raises :class:`ContractError` for the first flaw, schemas included.
        """
        document, unread = read_contract(path)
        with located_in(path):
            errors = list(document_errors(document))
            for error in (*unread, *errors) if strict else ():
                raise error
            found = cls(document, errors)
            found.flaws = [*unread, *found.flaws]
            if strict:
                found.check()
            return found

    def check(self) -> None:
        """Raise :class:`ContractError` for the first flaw, schemas included."""
        for flaw in self.flaws:
            raise flaw
        for operation in self.operations.values():
            for schema in operation.schemas():
                schema.check()

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
        # Of a large contract few operations have a secret: no other is read as a resource.
        found = map(self._created_by, filter(secret_member, self.operations.values()))
        with_secret = [one for one in found if one and one.secret]
        named = (one for one in with_secret if one.login != one.handle or "client" in one.login)
        return next(named, next(iter(with_secret), None))

    @cached_property
    def main_resource(self) -> Resource | None:
        """The resource that a load test makes: credentials, else what most can be done with."""

        def uses(one: Resource) -> tuple[int, ...]:
            keyed = one.create.accepts_idempotency_key
            return keyed, one.list is not None, one.revoke is not None

        posted = (one for one in self.resources if one.create.method == "POST")
        return self.credentials or max(posted, key=uses, default=None)

    @cached_property
    def token_operation(self) -> Operation | None:
        """The operation that issues access tokens; None where the contract has none."""
        return next(filter(issues_tokens, self.operations.values()), None)

    def takes_bearer_token(self, operation: Operation) -> bool:
        """Whether a bearer token opens an operation by itself, or each alternative asks for one."""
        return operation.needs_authentication and self._is_opened_by_bearer(operation)

    def _is_opened_by_bearer(self, operation: Operation) -> bool:
        given = [one for one in operation.security if one]
        is_enough = any(all(map(self._is_bearer, one)) for one in given)
        return is_enough or all(any(map(self._is_bearer, one)) for one in given)

    def challenges_for_bearer(self, operation: Operation) -> bool:
        """Whether no challenge but that for a bearer token can be meant: other schemes have one."""
        kinds = self._kinds_of(operation)
        is_asked = self.takes_bearer_token(operation)
        return is_asked and all(BEARER in one or one == {MUTUAL_TLS} for one in kinds)

    def opens_with_certificate(self, operation: Operation, *, is_shown: bool) -> bool:
        """Whether a client's certificate alone opens an operation, where one ``is_shown``.

        Nothing but a certificate opens an operation without another alternative.
        """
        kinds = self._kinds_of(operation)
        is_certificate = [one == {MUTUAL_TLS} for one in kinds]
        return any(is_certificate) and (is_shown or all(is_certificate))

    def _kinds_of(self, operation: Operation) -> list[set[str | None]]:
        """The kinds of the schemes that an operation needs at once, for each alternative."""
        return [
            {kind_of(self.security_schemes[name]) for name in one} for one in operation.security
        ]

    def key_places(self, operation: Operation) -> frozenset[str]:
        """Where an API key stands that opens an operation by itself, as in :attr:`key_place`."""
        alone = (
            self.security_schemes[next(iter(one))] for one in operation.security if len(one) == 1
        )
        places = (f"{one.get('in')} {one.get('name')}" for one in alone if kind_of(one) == API_KEY)
        return frozenset(one.lower() if one.startswith("header") else one for one in places)

    def _is_bearer(self, name: str) -> bool:
        """Whether a security scheme is a bearer token in the Authorization header."""
        scheme = self.security_schemes[name]
        is_http = scheme["type"] == "http" and str(scheme.get("scheme", "")).lower() == "bearer"
        return is_http or scheme["type"] in {"oauth2", "openIdConnect"}

    @cached_property
    def key_place(self) -> str:
        """Where the API key stands, ``header X-Api-Key``, in an API that takes no bearer token.

        It is in a ``header``, the ``query`` or a ``cookie``, or ``basic Authorization`` for user
        and password; empty where there is none.
        """
        needs = [one for one in self.operations.values() if one.needs_authentication]
        names = [name for one in needs for requirement in one.security for name in requirement]
        if any(map(self._is_bearer, names)):
            return ""
        return next(self._places_of(names), "")

    def token_place(self, operation: Operation) -> str:
        """Where an operation has its token by its own schemes, as in :attr:`key_place`.

        What has none, or issues tokens, has the place of the contract's others.
        """
        if self._is_opened_by_bearer(operation) or issues_tokens(operation):
            return self.key_place
        alone_first = sorted(operation.security, key=len)
        names = [name for requirement in alone_first for name in requirement]
        return next(self._places_of(names), self.key_place)

    def token_places(self, operation: Operation) -> tuple[str, ...]:
        """Where an operation has its token, and the other keys that it asks for at once.

        Each is as in :attr:`key_place`.
        """
        place = self.token_place(operation)
        if issues_tokens(operation):
            return (place,)
        for one in sorted(operation.security, key=len):
            places = list(self._places_of(one))
            if place in places or (not place and any(map(self._is_bearer, one))):
                beside = (key for key in places if key not in {place, BASIC_PLACE})
                return (place, *dict.fromkeys(beside))
        return (place,)

    def has_usual_token(self, operation: Operation) -> bool:
        """Whether an operation asks for no more than the contract's others, at the usual place."""
        return self.token_places(operation) == self._usual_places

    @cached_property
    def _usual_places(self) -> tuple[str, ...]:
        needs = [one for one in self.operations.values() if one.needs_authentication]
        found = [self.token_places(one) for one in needs]
        usual = [one for one in found if one[0] == self.key_place]
        return min(usual, key=len, default=(self.key_place,))

    @cached_property
    def places(self) -> tuple[str, ...]:
        """The places of all API keys, and of HTTP Basic, as in :attr:`key_place`."""
        return tuple(dict.fromkeys(self._places_of(self.security_schemes)))

    def _places_of(self, names: Iterable[str]) -> Iterator[str]:
        """The places of the credentials by these schemes that are no bearer tokens."""
        return (one for one in map(self._place_of, names) if re.fullmatch(KEY_PLACE, one))

    def _place_of(self, name: str) -> str:
        scheme = self.security_schemes[name]
        if scheme["type"] == "http":
            is_basic = str(scheme.get("scheme", "")).lower() == "basic"
            return BASIC_PLACE if is_basic else ""
        return f"{scheme.get('in')} {scheme.get('name')}" if scheme["type"] == "apiKey" else ""

    def takes_key(self, operation: Operation) -> bool:
        """Whether each security requirement of an operation asks for what is at its own place."""
        place = self.token_place(operation)
        return (
            bool(place)
            and operation.needs_authentication
            and all(
                any(self._place_of(name) == place for name in requirement)
                for requirement in operation.security
            )
        )

    def resource_of(self, operation: Operation) -> Resource | None:
        """The resource that an operation creates, lists or revokes; None where it does neither."""
        return self._resource_of.get(operation)

    def resolve_schema(self, definition: Any) -> Any:
        """Resolve a schema that is only a reference; any other is returned as it is."""
        return self._response_schemas.resolve(definition)
