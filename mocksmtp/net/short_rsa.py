"""RSA keys too short to be trusted (RFC 8017 section 3), for certificates that are to be refused."""

from __future__ import annotations

from math import gcd, prod
from secrets import randbits

from cryptography.hazmat.primitives.asymmetric import rsa

EXPONENT = 65537
ODD_FACTORS = prod(range(3, 1000, 2))
"""Most candidates share a factor with it, which is found sooner than by a power."""


def short_rsa(bits: int) -> rsa.RSAPrivateKey:
    """Make an RSA key of so many bits: ``cryptography`` makes none below 1024, but takes the numbers of one."""
    p, q = _prime(bits // 2), _prime(bits // 2)
    d = rsa.rsa_recover_private_exponent(EXPONENT, p, q)
    numbers = rsa.RSAPrivateNumbers(
        p=p,
        q=q,
        d=d,
        dmp1=rsa.rsa_crt_dmp1(d, p),
        dmq1=rsa.rsa_crt_dmq1(d, q),
        iqmp=rsa.rsa_crt_iqmp(p, q),
        public_numbers=rsa.RSAPublicNumbers(EXPONENT, p * q),
    )
    # The check takes as long as finding a prime, and is made when a context loads the key.
    return numbers.private_key(unsafe_skip_rsa_key_validation=True)


def _prime(bits: int) -> int:
    """Return a number that is prime by Fermat's test and has its two highest bits set.

    So a product of two is of full length.  The exponent must not divide a prime less one: it had no inverse.
    """
    while True:
        candidate = randbits(bits) | 0b11 << bits - 2 | 1
        if (
            gcd(candidate, ODD_FACTORS) == 1
            and candidate % EXPONENT != 1
            and pow(2, candidate - 1, candidate) == 1
        ):
            return candidate
