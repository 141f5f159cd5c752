"""Results for programs: one JSON object per line, exact whatever a file is called."""

import dataclasses
import json
import re
import sys
from datetime import datetime
from pathlib import Path

import click

_UNSAFE = re.compile("[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
# json leaves these raw without ensure_ascii; some drive a terminal, lone surrogates cannot be encoded


def json_line(record: object) -> str:
    """Return `record` (a dataclass, dict, list or plain value) as one line of JSON."""
    text = json.dumps(record, ensure_ascii=False, default=_plain)
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def echo_json(record: object) -> None:
    """Print `record` to stdout as one line of JSON."""
    line = json_line(record)
    if (sys.stdout.encoding or "ascii").lower().replace("-", "") != "utf8":
        line = json.dumps(json.loads(line))  # every reader of this encoding can read ASCII
    click.echo(line)


def _plain(value: object) -> object:
    """Return what json can write in place of `value`."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"No JSON for {type(value).__name__}")
