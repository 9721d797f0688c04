"""Where real peers are to be found; a missing one fails its test in plain words."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

FOLDER = Path(os.environ.get("PEERS_DIR", "/opt/mocksmtp-peers"))
"""What cannot be installed as a Debian package beside the others."""

MISSING = "{} is missing: tests/e2e/peers/install installs it"


def program(name: str) -> str:
    """Return the path of a program."""
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/bin")
    assert path, MISSING.format(name)
    return path


def unpacked(pattern: str) -> Path:
    """Return the one file of ``FOLDER`` that this pattern names."""
    found = sorted(FOLDER.glob(pattern))
    assert found, MISSING.format(FOLDER / pattern)
    return found[0]
