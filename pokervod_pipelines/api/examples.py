"""Give the examples of the document: answers of a real server, shortened; a test checks that each fits its schema."""

import json
from importlib.resources import files
from typing import Any

_EXAMPLES: dict[str, Any] = json.loads(files(__package__).joinpath("examples.json").read_text(encoding="utf-8"))

DASHBOARD = _EXAMPLES["dashboard"]
THROUGHPUT = _EXAMPLES["throughput"]
LATENCY = _EXAMPLES["latency"]
ERROR_RATE = _EXAMPLES["error_rate"]
QUEUE_DEPTH = _EXAMPLES["queue_depth"]
INCIDENT = _EXAMPLES["incident"]
INCIDENT_DETAILS = _EXAMPLES["incident_details"]
INSTRUCTION = _EXAMPLES["instruction"]
INSTRUCTION_DETAILS = _EXAMPLES["instruction_details"]
OUTPUT = _EXAMPLES["output"]
WORKER = _EXAMPLES["worker"]
DATA_FLOW = _EXAMPLES["data_flow"]
HAND = _EXAMPLES["hand"]
WEEK = _EXAMPLES["week"]
EVENT = _EXAMPLES["event"]
HEALTH = _EXAMPLES["health"]
STATUS = _EXAMPLES["status"]
OLD_HEALTH = _EXAMPLES["old_health"]
OLD_STATS = _EXAMPLES["old_stats"]
OLD_PENDING = _EXAMPLES["old_pending"]
DECIDED = _EXAMPLES["decided"]
