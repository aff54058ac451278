"""Check that settings are valid, or refused with the line to correct."""

import re
from pathlib import Path

import pytest

from pokervod_pipelines.errors import BadSettings
from pokervod_pipelines.settings import Settings, load_settings
from pokervod_pipelines_tests.read_yaml import read_yaml

GOOD = """
time_zone: Asia/Seoul
archive_roots:
  - {name: nas, path: archive}
libraries:
  - {name: wsop, root: nas, folder: ARCHIVE/WSOP}
  - {name: rest, root: nas}
sheets:
  - {name: notes, path: sheets/notes.xlsx}
"""

BROKEN = read_yaml(Path(__file__).parents[1] / "cases" / "settings" / "broken.yaml")


def load(folder: Path, text: str | bytes | None = None, **environ: str) -> Settings:
    if text is not None:
        content = text if isinstance(text, bytes) else text.encode()
        (folder / "pokervod.yaml").write_bytes(content)
    return load_settings(environ, folder)


def test_paths_are_relative_to_the_folder_of_the_file(tmp_path: Path) -> None:
    settings = load(tmp_path, GOOD)

    assert settings.archive_roots[0].path == tmp_path / "archive"
    assert settings.sheet("notes").path == tmp_path / "sheets/notes.xlsx"
    assert settings.root_of(settings.library("wsop")).name == "nas"


def test_a_root_without_libraries_is_one_library(tmp_path: Path) -> None:
    settings = load(tmp_path, "archive_roots: [{name: nas, path: /mnt/nas}]")

    assert [(library.name, library.folder) for library in settings.libraries] == [("nas", ".")]


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case["about"])
def test_an_invalid_file_is_refused_with_line_and_reason(tmp_path: Path, case: dict[str, str]) -> None:
    with pytest.raises(BadSettings) as refusal:
        load(tmp_path, case["text"])

    assert f"pokervod.yaml:{case['line']}:" in str(refusal.value)
    assert case["message"] in str(refusal.value)


def test_bytes_that_are_not_utf_8_are_refused_with_their_position(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="byte 11 is not UTF-8"):
        load(tmp_path, b"time_zone: \xb1\xe8")


def test_all_errors_are_reported_at_once(tmp_path: Path) -> None:
    with pytest.raises(BadSettings) as refusal:
        load(tmp_path, "scan: {settle_seconds: -1, stall_seconds: soon}")

    assert "settle_seconds" in str(refusal.value)
    assert "stall_seconds" in str(refusal.value)


@pytest.mark.parametrize(
    ("cron", "starts", "is_late"),
    [
        ("59 5 * * 1", "06:00", True),
        ("0 3 * * mon", "06:00", True),
        ("0 7 * * 1", "07:30", True),
        ("0 7 * * 1", "07:00", False),
        ("0 3,7 * * 1", "06:00", False),
        ("0 3 * * 2", "06:00", False),
        ("0 3 * * *", "06:00", False),
    ],
)
def test_a_week_is_not_closed_before_its_end(tmp_path: Path, cron: str, starts: str, is_late: bool) -> None:
    text = f'schedules: {{weekly_close: "{cron}"}}\nhands: {{day_starts_at: "{starts}"}}'
    if not is_late:
        assert load(tmp_path, text).schedules.weekly_close == cron
        return
    with pytest.raises(BadSettings, match=f"on Monday at {starts} .*each week would be closed a week late") as refusal:
        load(tmp_path, text)

    assert f"schedules.weekly_close: '{cron}' is before the week has ended" in str(refusal.value)


@pytest.mark.parametrize(
    ("starts", "cron"),
    [("06:00", "0 7 * * 1"), ("06:30", "30 7 * * 1"), ("12:00", "0 13 * * 1"), ("23:15", "15 0 * * 2")],
)
def test_weeks_are_closed_after_their_end_by_default(tmp_path: Path, starts: str, cron: str) -> None:
    assert load(tmp_path, f'hands: {{day_starts_at: "{starts}"}}').weekly_close == cron


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    settings = load(tmp_path, GOOD, POKERVOD_TIME_ZONE="Europe/London", POKERVOD_SHEETS="a=one.csv:two.xlsx")

    assert settings.time_zone == "Europe/London"
    assert [(sheet.name, sheet.path) for sheet in settings.sheets] == [
        ("a", tmp_path / "one.csv"),
        ("two", tmp_path / "two.xlsx"),
    ]


def test_the_shell_overrides_dotenv(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("POKERVOD_TIME_ZONE=Asia/Seoul\nexport POKERVOD_HOME='state'\n# comment=1\n")

    settings = load(tmp_path, POKERVOD_TIME_ZONE="Europe/London")

    assert settings.time_zone == "Europe/London"
    assert settings.home == tmp_path / "state"


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("Europe/Londn", "did you mean `Europe/London`?"),
        ("europe/london", "did you mean `Europe/London`?"),
        ("Asia/Seol", "did you mean `Asia/Seoul`?"),
        ("Mars/Olympus", "such as 'Europe/London'"),
        ("Europe", "such as 'Europe/London'"),
        ("", "such as 'Europe/London'"),
        ("/etc/localtime", "such as 'Europe/London'"),
        ("../UTC", "such as 'Europe/London'"),
        ("UTC\\0", "such as 'Europe/London'"),
        ("right/UTC", "such as 'Europe/London'"),
        ("posixrules", "such as 'Europe/London'"),
        ("tzdata.zi", "such as 'Europe/London'"),
        ("a" * 300, "such as 'Europe/London'"),
    ],
)
def test_an_unknown_time_zone_is_refused(tmp_path: Path, name: str, known: str) -> None:
    with pytest.raises(BadSettings, match="time_zone: expected an IANA time zone") as refusal:
        load(tmp_path, f'time_zone: "{name}"')

    assert known in str(refusal.value)


def test_a_known_time_zone_is_found_without_listing_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list of all zones takes 28 ms, at every load of the settings."""
    monkeypatch.setattr("pokervod_pipelines.settings.fields.available_timezones", None)

    assert load(tmp_path, "time_zone: Asia/Seoul").zone.key == "Asia/Seoul"


def test_roots_in_the_environment_need_no_file(tmp_path: Path) -> None:
    settings = load(tmp_path, POKERVOD_ARCHIVE_ROOTS=f"/mnt/GGP NAS:late={tmp_path}")

    assert [(root.name, root.path) for root in settings.archive_roots] == [
        ("GGP_NAS", Path("/mnt/GGP NAS")),
        ("late", tmp_path),
    ]


def test_a_named_configuration_must_exist(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"POKERVOD_CONFIG names .*nowhere\.yaml"):
        load(tmp_path, POKERVOD_CONFIG="nowhere.yaml")


def test_an_empty_configuration_is_valid(tmp_path: Path) -> None:
    settings = load(tmp_path)

    assert settings.libraries == ()
    assert settings.source is None


def test_graphics_are_below_home_unless_a_folder_is_set(tmp_path: Path) -> None:
    assert load(tmp_path).renders == tmp_path / ".pokervod" / "renders"
    assert load(tmp_path, "render: {outputs: share/graphics}").renders == tmp_path / "share" / "graphics"


def test_the_secret_of_the_render_farm_comes_from_the_environment_only(tmp_path: Path) -> None:
    settings = load(tmp_path, POKERVOD_NEXRENDER_SECRET="hunter2")

    assert settings.nexrender_secret is not None
    assert settings.nexrender_secret.get_secret_value() == "hunter2"
    assert "hunter2" not in repr(settings)


def test_a_secret_is_in_no_message_or_representation(tmp_path: Path) -> None:
    settings = load(tmp_path, POKERVOD_DATABASE_URL="postgresql://me:hunter2@host/db")

    assert "hunter2" not in repr(settings)
    assert "hunter2" not in settings.model_dump_json()


@pytest.mark.parametrize(
    "address",
    [
        "user:sesame@host:8080",
        "https:/user:sesame@host",
        "https:user:sesame@host",
        "http://user:ses#ame@host",
        "http://user:ses?ame@host",
        "http://user:ses/ame@host:1",
        "http://sesame@host",
        "http://host/@sesame",
        "http://user:ses ame@host",
        "http://user:sesame%40host",
        "ftp://user:sesame@host",
        "http://host?token=sesame",
        "http://host/#sesame",
        "host?token=sesame",
    ],
)
def test_an_address_with_a_secret_is_refused_and_not_repeated(tmp_path: Path, address: str) -> None:
    with pytest.raises(BadSettings) as refusal:
        load(tmp_path, f"rollout: {{link: {address!r}}}")

    assert "pokervod.yaml:1: rollout.link: expected an address such as" in str(refusal.value)
    assert not re.search("user|ses|ame", str(refusal.value).replace("without user", ""))


@pytest.mark.parametrize(
    "address",
    ["http://host", "https://host:8080/a/b%40c/", "http://[::1]:80", "http://10.0.0.5", "https://한국.kr/제목"],
)
def test_an_address_of_a_server_is_read(tmp_path: Path, address: str) -> None:
    assert load(tmp_path, f"rollout: {{link: {address!r}}}").rollout.link == address.rstrip("/")


@pytest.mark.parametrize(
    ("line", "variable"),
    [
        ("home: /sesame", "POKERVOD_HOME"),
        ("home:", "POKERVOD_HOME"),
        ("source: sesame", "POKERVOD_CONFIG"),
        ("database_url: sesame", "POKERVOD_DATABASE_URL"),
        ("dagster_database_url: sesame", "POKERVOD_DAGSTER_DATABASE_URL"),
        ("google_credentials: sesame", "POKERVOD_GOOGLE_CREDENTIALS"),
        ("nexrender_secret: sesame", "POKERVOD_NEXRENDER_SECRET"),
        ("alert_urls: {POKERVOD_ALERT_OPS: sesame}", "POKERVOD_ALERT_<NAME>"),
        ("hook_tokens: {POKERVOD_HOOK_A: sesame}", "POKERVOD_HOOK_<NAME>"),
        ("service_addresses: sesame", "POKERVOD_SERVICE_<SERVICE>_ADDRESS"),
    ],
)
@pytest.mark.parametrize("environ", [{}, {"POKERVOD_DATABASE_URL": "postgresql://a/b", "POKERVOD_HOME": "state"}])
def test_what_comes_from_the_environment_is_refused_in_the_file(
    tmp_path: Path, line: str, variable: str, environ: dict[str, str]
) -> None:
    """It was left out without a word, so that people looked for their data in another folder."""
    with pytest.raises(BadSettings) as refusal:
        load(tmp_path, f"time_zone: UTC\n{line}\n", **environ)

    key = line.split(":", maxsplit=1)[0]
    assert f"pokervod.yaml:2: {key}: " in str(refusal.value)
    assert f"set {variable}" in str(refusal.value)
    assert "sesame" not in str(refusal.value)


def test_all_keys_of_the_environment_are_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(BadSettings) as refusal:
        load(tmp_path, "source: a\nhome: b\n")

    assert [each.split(": ")[1] for each in str(refusal.value).splitlines()] == ["source", "home"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("POKERVOD_TIME_ZONE=UTC\nNAME=René\n".encode("latin-1"), ".env:2: not UTF-8: save the file as UTF-8"),
        (b"A=b\n\n\xb1\xe8=c", ".env:3: not UTF-8"),
        ("A=b\n".encode("utf-16"), ".env:1: not UTF-8"),
    ],
)
def test_a_dotenv_that_is_not_utf_8_is_refused_with_the_line(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / ".env").write_bytes(content)

    with pytest.raises(BadSettings, match=re.escape(says)):
        load(tmp_path)


@pytest.mark.parametrize(
    "content", [b"\xef\xbb\xbfPOKERVOD_HOME=state\n", b"POKERVOD_HOME=state\r\n", b" POKERVOD_HOME = 'state' "]
)
def test_a_dotenv_of_windows_is_read(tmp_path: Path, content: bytes) -> None:
    (tmp_path / ".env").write_bytes(content)

    assert load(tmp_path).home == tmp_path / "state"


def test_an_unknown_name_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    settings = load(tmp_path, GOOD)

    with pytest.raises(BadSettings, match="wsop, rest"):
        settings.library("hcl")
    with pytest.raises(BadSettings, match="notes"):
        settings.sheet("iconik")


@pytest.mark.parametrize(
    "text",
    [
        "rollout: {services: {search: {address: [hush-hush]}}}\n",
        "rollout: {services: {search: hush-hush}}\n",
        "rollout: {services: {search: {address: 'http://ada:hush-hush@search'}}}\n",
        "database_url: hush-hush\n",
        "hook_tokens: {a: hush-hush}\n",
    ],
)
def test_a_refused_value_that_may_be_secret_is_not_shown(tmp_path: Path, text: str) -> None:
    (tmp_path / "pokervod.yaml").write_text(text, encoding="utf-8")

    with pytest.raises(BadSettings) as refusal:
        load_settings({}, folder=tmp_path)

    assert "hush-hush" not in str(refusal.value)
