"""Short RSA keys: as long as was asked for, sound, and never the same."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from mocksmtp.net.short_rsa import short_rsa


def test_it_has_all_its_bits_however_the_primes_fall():
    keys = [short_rsa(512) for _ in range(20)]
    assert {key.key_size for key in keys} == {512}
    assert len({key.public_key().public_numbers().n for key in keys}) == len(keys)


@pytest.mark.parametrize("bits", [512, 768])
def test_who_loads_it_finds_it_sound_and_it_signs(bits):
    der = short_rsa(bits).private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    key = load_der_private_key(der, password=None)
    scheme = padding.PKCS1v15(), hashes.SHA256()
    key.public_key().verify(key.sign(b"hello", *scheme), b"hello", *scheme)
