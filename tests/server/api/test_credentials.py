"""Passes and tokens: valid once or until they are old, never beyond the bound, never kept bare."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from server.api.credentials import Credentials, Passes
from tests.support.clock import FakeClock

_TOKEN = "a-token-of-sixteen-or-more"


class AnyUse(RuleBasedStateMachine):
    """Passes beside the plainest account of them: a list of values and ends, oldest first."""

    LIFE_S, LIMIT = 10.0, 3

    def __init__(self) -> None:
        super().__init__()
        self.clock = FakeClock()
        self.passes = Passes(self.clock, life_s=self.LIFE_S, limit=self.LIMIT)
        self.valid: list[tuple[str, float]] = []
        self.given: list[str] = ["never-issued"]

    def _now(self) -> float:
        now_s = self.clock.monotonic_s()
        self.valid = [(value, end_s) for value, end_s in self.valid if end_s > now_s]
        return now_s

    def _take(self, value: str) -> bool:
        known = value in dict(self.valid)
        self.valid = [kept for kept in self.valid if kept[0] != value]
        return known

    @rule()
    def issue(self) -> None:
        end_s = self._now() + self.LIFE_S
        value = self.passes.issue()
        self.given.append(value)
        self.valid = [*self.valid, (value, end_s)][-self.LIMIT :]

    @rule(at=st.integers(0, 50))
    def redeem(self, at: int) -> None:
        value = self.given[at % len(self.given)]
        self._now()
        assert self.passes.redeem(value) == self._take(value)

    @rule(at=st.integers(0, 50))
    def renew(self, at: int) -> None:
        value = self.given[at % len(self.given)]
        end_s = self._now() + self.LIFE_S
        known = self._take(value)
        assert self.passes.renew(value) == known
        if known:
            self.valid.append((value, end_s))

    @rule(duration_s=st.floats(0, 6))
    def wait(self, duration_s: float) -> None:
        self.clock.advance(duration_s)

    @invariant()
    def as_many_as_accounted_for(self) -> None:
        self._now()
        assert len(self.passes) == len(self.valid) <= self.LIMIT
        assert not any(value in repr(vars(self.passes)) for value, _ in self.valid)


def test_any_use_of_passes_keeps_their_promises() -> None:
    """Whatever is issued, redeemed, renewed and waited for: each pass is valid once or until it is
    old, the oldest gives way, and the values themselves are not kept."""
    AnyUse.TestCase("runTest").runTest()


@given(value=st.text(max_size=40))
async def test_only_the_token_is_the_token(value: str) -> None:
    """Nothing else is, whatever its length and its characters."""
    credentials = Credentials(_TOKEN, FakeClock())
    credentials.waiting = 64  # nobody waits: there are many examples
    assert await credentials.is_token(value) == (value == _TOKEN)
    assert await credentials.is_token(_TOKEN)


async def test_where_no_token_is_set_none_is_right() -> None:
    """An empty setting asks for nothing, and is no password either."""
    credentials = Credentials("", FakeClock())
    assert not credentials.needed
    assert not await credentials.is_token("")
