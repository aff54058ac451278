"""Name the things that people and detectors speak of: an incident's, a hold's and a maintenance window's subject."""

from dataclasses import dataclass
from enum import StrEnum

from pokervod_pipelines.errors import BadInput

MAX_SUBJECT = 200


class SubjectKind(StrEnum):
    """Name the kind of thing that an incident is about, or that a person holds or mutes."""

    INSTRUCTION = "instruction"
    HAND = "hand"
    TEMPLATE = "template"
    QUEUE = "queue"
    SHEET = "sheet"
    LIBRARY = "library"
    ROOT = "root"
    FOLDER = "folder"
    WORKER = "worker"
    WORKFLOW = "workflow"
    SENSOR = "sensor"
    DETECTOR = "detector"
    SERVICE = "service"
    MACHINE = "machine"
    SHOW = "show"
    ROLLOUT = "rollout"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Name one thing: ``sheet`` ``tracker``, ``instruction`` ``42``."""

    kind: SubjectKind
    name: str

    def __post_init__(self) -> None:
        """Refuse a subject without a name."""
        if not self.name.strip():
            raise BadInput(f"the name of the {self.kind} is required")
        object.__setattr__(self, "name", self.name.strip()[:MAX_SUBJECT])

    def __str__(self) -> str:
        """Return both, for people."""
        return f"{self.kind} {self.name}"
