"""JSON Schema files of every kind of definition that a registry knows."""

from __future__ import annotations

import json
from pathlib import Path

from indicators.schema import json_schema
from registry_db.catalogue import ALL_KINDS


def write_schemas(folder: Path) -> list[Path]:
    """Write one schema for each kind of definition; give the files, such as ``indicator.schema.json``."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for kind, model in ALL_KINDS.items():
        file = folder / f"{kind}.schema.json"
        text = json.dumps(json_schema(model, kind), indent=2, ensure_ascii=False)
        file.write_text(text + "\n", encoding="utf-8")
        written.append(file)
    return written
