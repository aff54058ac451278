"""Answer ``drive.files``: which spreadsheets the caller can see, and when they last changed."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from pokervod_pipelines_tests.google.answers import refuse
from pokervod_pipelines_tests.google.files import DriveFile, moment_text
from pokervod_pipelines_tests.google.masks import apply_mask

Json = dict[str, Any]

DEFAULT_FIELDS = "kind,id,name,mimeType"
TERM = re.compile(
    r"""\s*(?P<field>mimeType|name|trashed|modifiedTime)\s*(?P<sign>!=|>=|<=|=|>|<|contains)\s*"""
    r"""(?:'(?P<single>(?:[^'\\]|\\.)*)'|"(?P<double>(?:[^"\\]|\\.)*)"|(?P<bare>true|false))\s*(?:and|$)"""
)


def describe_file(sheet: DriveFile) -> Json:
    """Return a spreadsheet as the file that Drive knows; numbers are text, as in all of Drive."""
    modified_at, version = sheet.version_in_drive()
    return {
        "kind": "drive#file",
        "id": sheet.id,
        "name": sheet.title,
        "mimeType": sheet.mime_type,
        "trashed": sheet.trashed,
        "version": str(version),
        "createdTime": moment_text(sheet.created_at),
        "modifiedTime": moment_text(modified_at),
    }


def get_file(sheet: DriveFile, params: Mapping[str, str], *, can_edit: bool) -> Json:
    """Answer ``files.get``, with what the caller may do."""
    return apply_mask(
        describe_file(sheet) | {"capabilities": {"canEdit": can_edit}}, params.get("fields") or DEFAULT_FIELDS
    )


def list_files(sheets: Iterable[DriveFile], params: Mapping[str, str]) -> Json:
    """Answer ``files.list``: the newest first, in pages."""
    newest = sorted(sheets, key=lambda sheet: (sheet.modified_at, sheet.id), reverse=True)
    found = [file for file in map(describe_file, newest) if _matches(file, params.get("q", ""))]
    size, start = _number(params, "pageSize", 100), _number(params, "pageToken", 0)
    if not 1 <= size <= 1000:
        raise refuse(400, f"Invalid value '{size}'. Values must be within the range: [1, 1000]", drive=True)
    answer: Json = {"kind": "drive#fileList", "incompleteSearch": False}
    if start + size < len(found):
        answer["nextPageToken"] = str(start + size)
    fields = params.get("fields")
    files = found[start : start + size]
    answer["files"] = files if fields else [apply_mask(file, DEFAULT_FIELDS) for file in files]
    return apply_mask(answer, fields)


def _number(params: Mapping[str, str], name: str, default: int) -> int:
    try:
        return int(params.get(name) or default)
    except ValueError:
        raise refuse(400, f"Invalid Value: {name}", drive=True) from None


def _matches(file: Json, query: str) -> bool:
    place = 0
    while query[place:].strip():
        term = TERM.match(query, place)
        if term is None:
            raise refuse(400, "Invalid Value", drive=True)
        wanted = next(text for text in (term["single"], term["double"], term["bare"]) if text is not None)
        if not _holds(file[term["field"]], term["sign"], re.sub(r"\\(.)", r"\1", wanted)):
            return False
        place = term.end()
    return True


def _holds(value: object, sign: str, wanted: str) -> bool:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if sign == "contains":
        return wanted.casefold() in text.casefold()
    if sign in {"=", "!="}:
        return (text == wanted) == (sign == "=")
    left, right = datetime.fromisoformat(text), datetime.fromisoformat(wanted)
    return {">": left > right, "<": left < right, ">=": left >= right, "<=": left <= right}[sign]
