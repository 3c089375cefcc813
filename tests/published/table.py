"""What a verdict says of an idempotency library, in a few words each."""

from dataclasses import dataclass

from conformance.results.result import VIOLATIONS, Outcome, Result
from conformance.results.verdict import Verdict

# Rules on how a refusal looks: its status, its media type, its members. A library cannot know them
# of every contract, and what stands around it may translate its answers.
FORM = {
    "created.only-documented-media-types",
    "generated.media-types-are-documented",
    "generated.statuses-are-documented",
    "idempotency.only-documented-statuses",
    "problems.media-type",
    "problems.required-members",
}

COLUMNS = (
    "MUSTs broken",
    "another partner with the same key",
    "12 at once",
    "a replay",
    "the key with another body",
    "after a refused request",
)


@dataclass(frozen=True)
class Said:
    """A verdict, as a row of the table."""

    verdict: Verdict

    def broken(self, id_: str) -> Result | None:
        """The violation of a requirement."""
        found = (one for one in self.verdict.results if one.requirement.id == id_)
        return next((one for one in found if one.outcome in VIOLATIONS), None)

    @property
    def musts(self) -> list[Result]:
        """The broken MUSTs."""
        return [one for one in self.verdict.results if one.outcome is Outcome.FAILED]

    @property
    def leaks(self) -> bool:
        """Whether a partner gets the secret of another."""
        return self.broken("idempotency.key-belongs-to-its-partner") is not None

    @property
    def cells(self) -> list[str]:
        """A cell for each column."""
        return [
            self._number(),
            self._partner(),
            self._at_once(),
            self._replay(),
            self._other_body(),
            self._refused(),
        ]

    def _number(self) -> str:
        form = [one for one in self.musts if one.requirement.id in FORM]
        if not self.musts:
            return "none"
        if len(form) == len(self.musts):
            return f"{len(form)}, all of form"
        return f"{len(self.musts)}, {len(form)} of form" if form else f"{len(self.musts)}"

    def _partner(self) -> str:
        if self.leaks:
            return "**gets the secret**"
        refused = self.broken("idempotency.key-is-free-for-other-partners")
        return f"is refused, {refused.actual}" if refused else "is served"

    def _at_once(self) -> str:
        several = self.broken("idempotency.simultaneous-requests-make-one-resource")
        if several:
            return "**several are executed**"
        undocumented = self.broken("idempotency.only-documented-statuses")
        return f"one; others get {undocumented.actual}" if undocumented else "one"

    def _replay(self) -> str:
        other = self.broken("idempotency.replay-is-identical")
        return f"**{other.actual}**" if other else "the first answer"

    def _other_body(self) -> str:
        made = self.broken("idempotency.reused-key-makes-nothing")
        return "**is executed**" if made else "nothing is made"

    def _refused(self) -> str:
        burnt = self.broken("idempotency.rejected-request-leaves-key-free")
        return f"the key is burnt, {burnt.actual}" if burnt else "the key is free"
