"""Mark a folder of a share by a hidden file, so that the folder below an unmounted share is not taken for it."""

import json
import re
import uuid
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.files import replace_file

_MAX_BYTES = 10_000
"""A marker has some two hundred bytes; a larger file is another one."""

_ID = re.compile(r"[0-9a-f]{32}")


def read_marker(path: Path) -> str | None:
    """Return the id in the marker, None where there is none. Raises ``OSError``, ``ValueError`` for other content."""
    try:
        with path.open("rb") as file:
            found = json.loads(file.read(_MAX_BYTES))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValueError, RecursionError) as error:  # a plain one reaches the parent of a child process as it is
        raise ValueError(str(error)) from None
    if not isinstance(found, dict) or not _ID.fullmatch(str(found.get("id"))):
        message = "expected an object with an id"
        raise ValueError(message)
    return str(found["id"])


def write_marker(path: Path, actor: Actor) -> str:
    """Write a marker with a new id, and who marked the folder and why; return the id. Raises ``OSError``."""
    marker_id = uuid.uuid4().hex
    content = {
        "id": marker_id,
        "accepted_by": actor.who,
        "reason": actor.reason,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    replace_file(path, (json.dumps(content, ensure_ascii=False) + "\n").encode(errors="replace"), sync=True)
    with suppress(OSError):
        path.chmod(0o644)  # whatever the umask is: other machines read it as other users
    return marker_id
