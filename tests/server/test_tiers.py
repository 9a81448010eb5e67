"""Which keys are paid, and what a free user reads."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import PaymentRequiredError
from server.models import Tier
from server.tiers import require_paid, tier_of


@pytest.mark.parametrize(
    "key", ["CFG-LNNT-AB12-CD34-EF56", "cfg-lnnt-ab12-cd34-ef56", " Cfg-Lnnt-x ", "CFG-LNNT-"]
)
def test_a_key_is_paid_by_its_beginning(key: str) -> None:
    """In any case, with space around it, whatever follows."""
    assert tier_of(key) is Tier.PAID


@pytest.mark.parametrize("key", [None, "", "   ", "CFG-LNN-AB12", "CFG_LNNT_1", "XCFG-LNNT-1"])
def test_anything_else_is_free(key: str | None) -> None:
    """No key, an empty one, and another product's."""
    assert tier_of(key) is Tier.FREE


@given(st.text())
def test_no_text_is_a_paid_key_by_accident(key: str) -> None:
    """Only the prefix makes a key paid."""
    paid = key.strip().upper().startswith("CFG-LNNT-")
    assert (tier_of(key) is Tier.PAID) is paid


def test_the_best_of_several_keys_counts() -> None:
    """The server's, the header's and the body's key: one that is paid is enough."""
    assert tier_of(None, "nonsense", "CFG-LNNT-1") is Tier.PAID
    assert tier_of(None, "nonsense", "") is Tier.FREE
    assert tier_of() is Tier.FREE


def test_a_paid_user_may() -> None:
    """Nothing stands in the way of a paid tier."""
    require_paid(Tier.PAID, "Anything")


def test_a_free_user_reads_which_feature_and_why() -> None:
    """The detail names the feature, what is missing, and all three ways to bring a key."""
    with pytest.raises(PaymentRequiredError) as refused:
        require_paid(Tier.FREE, "The list of past sessions")
    detail = refused.value.detail
    assert detail.startswith("The list of past sessions is a paid feature")
    for way in ("CFG-LNNT-", "LINNET_LICENSE_KEY", "X-CF-License-Key", "license_key"):
        assert way in detail
