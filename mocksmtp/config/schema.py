"""The JSON Schema of the configuration, for editors."""

from __future__ import annotations

import json

from mocksmtp.config.models import Configuration


def schema_text() -> str:
    """Return the schema (draft 2020-12) as it is committed."""
    schema = Configuration.model_json_schema()
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "mocksmtp configuration"}
    return json.dumps(head | schema, indent=2, default=str, ensure_ascii=False) + "\n"
