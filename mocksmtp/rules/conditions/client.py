"""The address that the client connects from: an address, a network, or a list of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from mocksmtp.rules.condition import Anchor, Test
from mocksmtp.rules.context import Context
from mocksmtp.rules.network import Networks
from mocksmtp.smtp.stage import Stage


@dataclass(frozen=True, slots=True)
class Client:
    """The address that the client connects from: an address, a network, or a list of them."""

    name: ClassVar[str] = "client"
    shorthand: ClassVar[str | None] = None

    value: Networks

    def stage(self) -> Stage | None:
        """It is known from the first moment."""
        return None

    def test(self) -> Test:
        """Return the compiled question."""
        networks = self.value
        return lambda context: context.conversation.client in networks

    def seen(self, context: Context) -> Iterable[str]:
        """Return what it was held against."""
        return (context.conversation.client,)

    def anchor(self) -> Anchor | None:
        """Networks are filed by the index itself, under each prefix."""
        return None


CONDITION = Client
