"""Check that an unknown type in the settings is refused with its line."""

from pathlib import Path

import pytest

from pokervod_pipelines.errors import BadSettings
from pokervod_pipelines.events.kept_types import require_known_types
from pokervod_pipelines.settings import load_settings

GIVEN = """
archive_roots: [{name: nas, path: archive}]
events:
  keep_days_of:
    media: 20
    nas.fil: 3
    render.jobs: null
"""


def test_each_unknown_type_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "pokervod.yaml"
    file.write_text(GIVEN)

    with pytest.raises(BadSettings) as refused:
        require_known_types(load_settings({}, tmp_path))

    first, second = str(refused.value).splitlines()
    assert first == f"{file}:6: events.keep_days_of: unknown event type 'nas.fil'; did you mean `nas.file`?"
    assert second.startswith(f"{file}:7: events.keep_days_of: unknown event type 'render.jobs'; ")


def test_the_defaults_are_known(tmp_path: Path) -> None:
    require_known_types(load_settings({"POKERVOD_ARCHIVE_ROOTS": "archive"}, tmp_path))
