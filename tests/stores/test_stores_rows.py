"""A message goes into a row and comes out as it was."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stores.opened import opened

from mocksmtp.smtp.address import NULL_PATH, POSTMASTER, Path, parse_path
from mocksmtp.smtp.conversation import Tls
from mocksmtp.smtp.envelope import Message, Recipient
from mocksmtp.smtp.syntax import Addresses
from mocksmtp.stores.rows import COLUMNS, LAST, key_of, message_of, place_of, row_of

WRITTEN = [
    b"a@x.test", b"A.b+tag@X.Test", b'"quoted \\" one"@x.test', b"a@[192.0.2.1]", b"@relay.test:a@x.test",
    "grüße@bücher.example".encode(), b"[@x.test", b"[]",
]  # fmt: skip
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
paths = st.sampled_from(
    [NULL_PATH, POSTMASTER, *(parse_path(each, Addresses.OFF, True) for each in WRITTEN)]
    + [parse_path(each, Addresses.LENIENT, True) for each in WRITTEN[:-2]]
) | st.builds(Path, texts, texts, texts, texts)
params = st.dictionaries(texts, st.none() | texts, max_size=3)
messages = st.builds(
    Message.of,
    id=st.integers(1, LAST).map(lambda number: f"{number:013X}"),
    session=texts, listener=texts, client=texts, helo=texts,
    tls=st.none() | st.builds(Tls, texts, texts, st.none() | texts),
    auth=st.none() | texts, mail=paths, params=params,
    recipients=st.lists(st.builds(Recipient, paths, params, st.just(True)), max_size=3).map(tuple),
    content=st.binary(max_size=50), received=st.floats(0, 1e12), rule=st.none() | texts,
    reply=st.binary(max_size=20), refused=st.booleans(),
    scopes=st.lists(st.from_regex("[a-z2-7]{26}", fullmatch=True), max_size=2).map(tuple),
)  # fmt: skip


def told(path):
    return path.text, path.local, path.domain, path.key


@given(messages)
def test_a_message_comes_out_as_it_went_in(message):
    again = message_of(row_of(message))
    assert again == message
    assert told(again.mail) == told(message.mail)
    assert [told(each.path) for each in again.recipients] == [told(each.path) for each in message.recipients]
    assert type(again.refused) is bool


def test_there_is_a_column_for_each_field(tmp_path):
    path = tmp_path / "mail.db"
    with opened(path), closing(sqlite3.connect(path)) as connection:
        columns = [name for (name,) in connection.execute("SELECT name FROM pragma_table_info('message')")]
    assert sorted(columns) == sorted(COLUMNS)


KEYS = [
    ("64A0B1C2D3E4F", 0x64A0B1C2D3E4F, 0x64A0B1C2D3E4F),
    ("F", 0, 0xF),  # A place among the ids, but no id.
    ("64a0b1c2d3e4f", 0, 0x64A0B1C2D3E4F),
    ("0x64A0B1C2D3E", 0, 0x64A0B1C2D3E),
    ("", 0, 0),
    ("nonsense", 0, 0),
    ("F" * 20, 0, LAST),
]


@pytest.mark.parametrize(("text", "key", "place"), KEYS)
def test_only_an_id_as_it_is_told_is_a_key(text, key, place):
    assert (key_of(text), place_of(text)) == (key, place)
