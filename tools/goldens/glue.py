"""Rows of the official GLUE TSV files: no quoting, a BOM before MRPC's header, no header in CoLA."""

import os
from pathlib import Path

SHARED = Path(os.environ.get("HIES_SHARED_DIR") or Path(__file__).resolve().parents[3] / "shared")
# task: (folder, text columns, label column); a number is a position in a file without header.
COLUMNS = {
    "sst2": ("SST-2", ["sentence"], "label"),
    "cola": ("CoLA", [3], 1),
    "mrpc": ("MRPC", ["#1 String", "#2 String"], "Quality"),
    "stsb": ("STS-B", ["sentence1", "sentence2"], "score"),
}


def read(task, split, shared=SHARED, limit=None):
    """[(texts, label)] of the first `limit` rows."""
    folder, texts, label = COLUMNS[task]
    lines = (shared / "data" / "glue" / folder / f"{split}.tsv").read_text(encoding="utf-8-sig").split("\n")
    rows = [line.rstrip("\r").split("\t") for line in lines if line]
    position = lambda column: column if isinstance(column, int) else rows[0].index(column)
    columns, target = [position(c) for c in texts], position(label)
    number = float if task == "stsb" else int
    body = rows if isinstance(label, int) else rows[1:]
    return [([row[c] for c in columns], number(row[target])) for row in body[:limit]]
