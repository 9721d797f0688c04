"""Configuration: YAML and environment in, frozen settings out, every mistake with its place."""

from mocksmtp.config.loader import load
from mocksmtp.config.mistakes import Invalid, Mistake
from mocksmtp.config.source import Source

__all__ = ["Invalid", "Mistake", "Source", "load"]
