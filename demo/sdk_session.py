"""One partner's use of the vendor's own Python SDK, unchanged."""

from dinie import Dinie
from dinie.generated.types.create_credential_request import CreateCredentialRequest
from dinie.generated.types.credential import Credential
from dinie.generated.types.credential_with_secret import CredentialWithSecret

from demo.wire import Exchange, Wire


class UnexpectedAnswer(Exception):
    """The SDK got through, and what it got is wrong; the message says how."""


class Session:
    """The SDK as one partner uses it: its client, what it sent, and the key it made last."""

    def __init__(self, base_url: str, client_id: str, client_secret: str) -> None:
        self.base_url = base_url
        self.wire = Wire(base_url)
        self.client = self.log_in(client_id, client_secret)
        self._created: CredentialWithSecret | None = None

    def log_in(self, client_id: str, client_secret: str) -> Dinie:
        """An SDK client. It fetches its token with its first call."""
        return Dinie(
            client_id=client_id,
            client_secret=client_secret,
            base_url=self.base_url,
            http_client=self.wire.client(),
        )

    @property
    def created(self) -> CredentialWithSecret:
        """The key made last; raises :class:`UnexpectedAnswer` where none could be made."""
        if self._created is None:
            raise UnexpectedAnswer("there is no key to go on with")
        return self._created

    def create(self, name: str) -> tuple[CredentialWithSecret, list[Exchange]]:
        """Make a key; gives it and what was exchanged for it."""
        start = len(self.wire.exchanges)
        self._created = self.client.credentials.create(CreateCredentialRequest(name=name))
        return self._created, self.wire.exchanges[start:]

    def listed(self, name: str) -> list[Credential]:
        """The keys of this name on the only page that this SDK reads."""
        # This SDK's list() takes neither limit nor cursor: it sees the first 25 keys only.
        return [one for one in self.client.credentials.list() if one.name == name]
