"""Retries what was refused for good."""

import correct


class RetriesRefusals(correct.Client):
    def create(self, name: str) -> dict[str, object]:
        try:
            # A date that is none: the contract asks for RFC 3339.
            return self.call(
                "POST",
                "/auth/credentials",
                json={"name": name, "expires_at": "tomorrow"},
                headers={"Idempotency-Key": str(correct.uuid.uuid4())},
            ).json()
        except correct.GivenUp:
            return {}


correct.RETRIED.add(422)
correct.run(RetriesRefusals())
