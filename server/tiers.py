"""Which licence keys are paid, and the sentence a free user reads at a paid feature."""

from __future__ import annotations

from typing import Final

from server.errors import PaymentRequiredError
from server.models import Tier

PAID_PREFIX: Final = "CFG-LNNT-"


def tier_of(*keys: str | None) -> Tier:
    """The best tier that any of the keys buys; keys are compared without regard to case."""
    if any(key and key.strip().upper().startswith(PAID_PREFIX) for key in keys):
        return Tier.PAID
    return Tier.FREE


def require_paid(tier: Tier, feature: str) -> None:
    """
    Raises:
        PaymentRequiredError: the tier is free; the detail names ``feature`` and says why.
    """
    if tier is not Tier.PAID:
        raise PaymentRequiredError(
            f"{feature} is a paid feature: it needs a licence key that begins with {PAID_PREFIX} "
            "(setting LINNET_LICENSE_KEY, header X-CF-License-Key, or license_key when the "
            "session starts). Sessions, live streams, history and the JSON export are free."
        )
