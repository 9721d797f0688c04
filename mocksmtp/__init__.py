"""mocksmtp: a mail server double that answers as its YAML rules say."""

__version__ = "0.1.0"
