"""What OpenSSL's verify codes are taken for."""

from __future__ import annotations

import pytest

from mocksmtp.client.certificate import Flaw

CODES = [
    (9, Flaw.NOT_YET_VALID),
    (10, Flaw.EXPIRED),
    (62, Flaw.WRONG_NAME),
    (64, Flaw.WRONG_NAME),  # The same for an IP address.
    (66, Flaw.WEAK_KEY),
    (67, Flaw.WEAK_AUTHORITY_KEY),
    (68, Flaw.WEAK_SIGNATURE),
    # The chain: no issuer, a signature by another key of the same name, self-signed, alone, not trusted.
    *((code, Flaw.UNKNOWN_AUTHORITY) for code in (2, 7, 18, 19, 20, 21, 27)),
    # Nothing that another authority would cure: revoked, no CA, purpose, names that it may not vouch for.
    *((code, Flaw.REFUSED) for code in (1, 23, 24, 26, 47, 9999)),
]


@pytest.mark.parametrize(("code", "flaw"), CODES)
def test_a_verify_code_stands_for_a_flaw(code: int, flaw: Flaw) -> None:
    assert Flaw.of(code) is flaw
