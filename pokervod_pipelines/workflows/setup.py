"""Prepare a folder before anything runs: a configuration, a Dagster home, and a ``.env`` that names it.

Every step can be repeated at any time and changes only what is missing.
"""

import os
from pathlib import Path

import yaml

from pokervod_pipelines.settings import Settings, load_settings
from pokervod_pipelines.workflows.file_access import restrict_access

DAGSTER_YAML = Path(__file__).parents[1] / "defs" / "dagster.yaml"


def set_up_folder(folder: Path | None = None) -> Settings:
    """Prepare the folder, with a sample archive if nothing is configured, and return its settings."""
    settings = load_settings(folder=folder)
    if not settings.archive_roots and not settings.sheets and settings.source is None:
        _lay_out_sample(settings)
    return prepare_folder(folder)


def prepare_folder(folder: Path | None = None) -> Settings:
    """Return the settings of a folder; create its Dagster home, and close to others what it keeps."""
    folder = (folder or Path.cwd()).absolute()
    settings = load_settings(folder=folder)
    create_dagster_home(settings, folder)
    restrict_access(settings, folder)
    return settings


def find_dagster_home(settings: Settings) -> Path:
    """Return Dagster's folder for compute logs and step outputs; runs and events are in the database."""
    return settings.home / "dagster"


def create_dagster_home(settings: Settings, folder: Path) -> None:
    """Create ``DAGSTER_HOME`` with its ``dagster.yaml``, and name it in ``.env`` so that ``dagster`` finds it."""
    home = find_dagster_home(settings)
    home.mkdir(parents=True, exist_ok=True)
    source = folder / "dagster.yaml"
    target = home / "dagster.yaml"
    content = source.read_text(encoding="utf-8") if source.is_file() else _compose_dagster_yaml(settings)
    if not target.is_file() or target.read_text(encoding="utf-8") != content:
        target.write_text(content, encoding="utf-8")
    _name_home_in_dotenv(folder / ".env", home)


def _compose_dagster_yaml(settings: Settings) -> str:
    """Return our ``dagster.yaml`` with the limits of the settings."""
    given = DAGSTER_YAML.read_text(encoding="utf-8")
    return given.replace("max_concurrent_runs: 5", f"max_concurrent_runs: {settings.workflows.at_once}")


def _name_home_in_dotenv(path: Path, home: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    line = f"DAGSTER_HOME={home}"
    if line in lines:
        return
    kept = [each for each in lines if not each.startswith("DAGSTER_HOME=")]
    _replace_secret_text(path, "\n".join([*kept, line]) + "\n")


def _replace_secret_text(path: Path, content: str) -> None:
    """Write the file whole or not at all; an existing one keeps its owner and mode."""
    path = Path(os.path.realpath(path))  # `resolve` fails for a link that leads to itself
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)
    part.write_text(content, encoding="utf-8")
    if path.exists():
        status = path.stat()
        part.chmod(status.st_mode & 0o777)
        if os.geteuid() == 0:
            os.chown(part, status.st_uid, status.st_gid)
    part.replace(path)


def _lay_out_sample(settings: Settings) -> None:
    from pokervod_pipelines.sample import lay_out_sample  # noqa: PLC0415 - only a first run needs its media libraries

    folder = settings.home / "sample"
    layout = lay_out_sample(folder)
    values = {
        "archive_roots": [{"name": "sample", "path": str(layout.archive_root.relative_to(folder))}],
        "libraries": [{"name": name, "root": "sample", "folder": below} for name, below in layout.libraries],
        "sheets": [{"name": path.stem, "path": str(path.relative_to(folder))} for path in layout.workbooks],
    }
    text = yaml.safe_dump(values, allow_unicode=True, sort_keys=False)
    (folder / "pokervod.yaml").write_text("# Written with the sample archive.\n" + text, encoding="utf-8")
