"""Fields that are more than a scalar: replies, banners, names from a list, ports and addresses."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema

from mocksmtp.config.conditions import read_when, when_schema
from mocksmtp.config.mistakes import Located, suggestion
from mocksmtp.config.types import several, text, whole
from mocksmtp.rules.network import Network, network
from mocksmtp.rules.template import ACCEPT, IN_BANNERS, OF_A_HIT, Accept, ReplyTemplate, TextTemplate
from mocksmtp.smtp.extensions import EXTENSIONS
from mocksmtp.smtp.sasl import MECHANISMS

HOST_NAME = re.compile(r"[!-~]{1,255}")
NOT_YET = "is not yet supported in this version"
TOKEN = re.compile(r"[!-~]{1,255}")


def one_of(*allowed: str) -> BeforeValidator:
    """Take one word of a list."""

    def read(value: Any) -> str:
        word = text(value)
        if word not in allowed:
            raise ValueError(f"{word!r} is not known here {suggestion(word, allowed)}")
        return word

    return BeforeValidator(read)


def names_from(known: Any) -> BeforeValidator:
    """Take a list of names of extensions or mechanisms."""

    def read(value: Any) -> list[str]:
        names = [text(each).upper() for each in several(value)]
        wrong: list[tuple[tuple[str | int, ...], str]] = []
        for number, name in enumerate(names):
            if name not in known:
                wrong.append(((number,), f"{name!r} is not known here {suggestion(name, known)}"))
        if wrong:
            raise Located(wrong)
        return names

    return BeforeValidator(read)


def reply(value: Any) -> ReplyTemplate | Accept:
    """Take a reply in any of its forms."""
    if isinstance(value, (ReplyTemplate, Accept)):
        return value
    if isinstance(value, str) and value == "accept":
        return ACCEPT
    if isinstance(value, dict):
        wrong = sorted(set(value) - {"code", "enhanced", "text"})
        if wrong:
            raise ValueError(f"unknown key {wrong[0]!r} {suggestion(wrong[0], ('code', 'enhanced', 'text'))}")
        given = {"code": whole(value.get("code", "")), "enhanced": str(value.get("enhanced", ""))}
        return ReplyTemplate.parse(given | {"text": [text(each) for each in several(value.get("text", ""))]})
    return ReplyTemplate.parse([text(each) for each in several(value)])


def refusal(value: Any) -> ReplyTemplate:
    """Take a reply that is worded: ``accept`` says nothing here."""
    read = reply(value)
    if isinstance(read, Accept):
        raise ValueError("a reply with its code is wanted here")
    counted = sorted(read.names & set(OF_A_HIT))
    if counted:
        raise ValueError(f"{{{counted[0]}}} is known in the replies of rules only")
    return read


def banner(value: Any) -> list[TextTemplate]:
    """Take the lines that follow 220."""
    return [TextTemplate.parse(text(line), IN_BANNERS) for line in several(value)]


def port(value: Any) -> int:
    """Take a port number; 0 is any that is free."""
    number = whole(value)
    if not 0 <= number <= 65535:
        raise ValueError(f"{number} is no port (0 to 65535; 0 is any that is free)")
    return number


def at_least(lowest: int) -> Any:
    """Bound a number from below."""
    return Field(ge=lowest)


def tokens(value: Any) -> list[str]:
    """Take the tokens of the HTTP port; a mistake does not tell them."""
    found = [text(each) for each in several(value)]
    if not all(TOKEN.fullmatch(each) for each in found):
        raise ValueError("a token has 1 to 255 signs of ASCII, without spaces")
    return found


def host_name(value: Any) -> str:
    """Take what we call ourselves: it stands alone in replies."""
    name = text(value)
    if not HOST_NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no host name (ASCII without spaces, 255 signs at most)")
    return name


def interface(value: Any) -> str:
    """Take the address of an interface."""
    address = text(value)
    try:
        ip_address(address)
    except ValueError:
        raise ValueError(f"{address!r} is no IP address; leave interface out for all of them") from None
    return address


def trusted(value: Any) -> tuple[Network, ...]:
    """Take addresses and networks; none is nobody."""
    found: list[Network] = []
    wrong: list[tuple[tuple[str | int, ...], str]] = []
    for number, each in enumerate(several(value)):
        try:
            found.append(network(text(each)))
        except ValueError as error:
            wrong.append(((number,) if isinstance(value, list) else (), f"trusted: {error}"))
    if wrong:
        raise Located(wrong)
    return tuple(found)


REPLY_SCHEMA = {
    "anyOf": [
        {"type": "string"},
        {"type": "array", "items": {"type": "string"}},
        {
            "type": "object",
            "properties": {
                "code": {"type": "integer"},
                "enhanced": {"type": "string"},
                "text": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
            },
            "required": ["code"],
            "additionalProperties": False,
        },
    ]
}
ReplyField = Annotated[Any, PlainValidator(reply), WithJsonSchema(REPLY_SCHEMA)]
RefusalField = Annotated[Any, PlainValidator(refusal), WithJsonSchema(REPLY_SCHEMA)]
LINES_SCHEMA = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
BannerField = Annotated[Any, PlainValidator(banner), WithJsonSchema(LINES_SCHEMA)]
WhenField = Annotated[Any, PlainValidator(read_when), WithJsonSchema(when_schema())]
HostName = Annotated[str, BeforeValidator(host_name)]
Interface = Annotated[str, BeforeValidator(interface)]
PortField = Annotated[int, BeforeValidator(port)]
NAMES_SCHEMA = {"type": "array", "items": {"type": "string"}}
Extensions = Annotated[list[str], names_from(EXTENSIONS), WithJsonSchema(NAMES_SCHEMA)]
Mechanisms = Annotated[list[str], names_from(MECHANISMS), WithJsonSchema(NAMES_SCHEMA)]
NETWORKS_SCHEMA = {"type": ["string", "array"], "items": {"type": "string"}}
TrustedField = Annotated[Any, PlainValidator(trusted), WithJsonSchema(NETWORKS_SCHEMA)]
ProxyProtocol = Annotated[str, one_of("off", "optional", "required")]
TlsMode = Annotated[str, one_of("starttls", "implicit", "off")]
Tokens = Annotated[
    list[str],
    BeforeValidator(tokens),
    WithJsonSchema({"type": ["string", "array"], "items": {"type": "string"}}),
]
