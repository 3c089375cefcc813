"""Takes the first failure for the last word."""

import correct

correct.RETRIED.clear()


class GivesUpAtOnce(correct.Client):
    def create(self, name: str) -> dict[str, object]:
        try:
            return super().create(name)
        except (correct.httpx.HTTPError, correct.GivenUp):
            return {}


correct.ATTEMPTS = 1
correct.run(GivesUpAtOnce())
