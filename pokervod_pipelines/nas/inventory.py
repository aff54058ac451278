"""The room's public functions: scan, look at what is missing, decide on it, find what is there twice."""

from pokervod_pipelines.nas.duplicates import DuplicateGroup, find_duplicates
from pokervod_pipelines.nas.library_scan import scan_library
from pokervod_pipelines.nas.missing import MissingFile, clear_missing, confirm_loss, list_missing
from pokervod_pipelines.nas.report import ScanReport

__all__ = [
    "DuplicateGroup",
    "MissingFile",
    "ScanReport",
    "clear_missing",
    "confirm_loss",
    "find_duplicates",
    "list_missing",
    "scan_library",
]
