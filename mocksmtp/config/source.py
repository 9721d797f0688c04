"""Where a configuration comes from: read at the start and at each reload, and watched in between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from mocksmtp.config.files import Files, Look
from mocksmtp.config.loader import load
from mocksmtp.config.settings import Settings


class Source:
    """Files, directories and the environment of one configuration."""

    def __init__(self, paths: Sequence[Path], environ: Mapping[str, str]) -> None:
        self._paths = tuple(paths)
        self._environ = environ
        self._files = Files()
        self._look: Mapping[Path, Look] = {}

    def load(self) -> Settings:
        """Read it all.  Raises Invalid; what was read until then is watched all the same."""
        files = self._files = Files()
        settings = load(self._paths, self._environ, files)
        for own in (settings.tls.certificate, *(each.certificate for each in settings.listeners)):
            if own is not None:
                files.note(own.cert)
                files.note(own.key)
        return settings

    def has_changed(self) -> bool:
        """Say whether something looks otherwise than when it was read."""
        return self._files.look() != self._files.seen

    def has_settled(self) -> bool:
        """Say whether all looks as it did at the last such question: nobody is in the middle of writing it."""
        before, self._look = self._look, self._files.look()
        return before == self._look
