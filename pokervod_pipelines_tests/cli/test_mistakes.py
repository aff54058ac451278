"""Check what people are told who mistype, give a wrong file, or have a wrong setting; unknown names: test_known."""

import re
from pathlib import Path
from typing import Any

import pytest
from click import unstyle

from pokervod_pipelines.cli.app import EXIT_CODES
from pokervod_pipelines.errors import PokervodError
from pokervod_pipelines_tests.cli.test_known import Run, run
from pokervod_pipelines_tests.sheets.harness import harness

__all__ = ["harness", "run"]

WHY = ("--reason", "x")
ENQUEUE = ("render", "enqueue", "-t", "elimination", "-l", "player=Ana", "-l")
A_NUMBER = "expected a whole number"
A_TIME = "expected a time such as 2h, 30m, 3d, 10:00, today, yesterday, 2026-05-04 or 2026-05-04 10:00, got "

FILES = {
    "empty.csv": b"",
    "empty.phh": b"",
    "empty.hands.csv": b"",
    "headless.csv": b"elimination,1,Ana Ruiz\n",
    "headless.hands.csv": b"1,2026-05-04,NT,0;0,1;2\n",
    "latin.csv": b"template,player\nelimination,Jos\xe9 N\xfa\xf1ez\n",
    "latin.hands.csv": b"hand,date,variant,players\n1,2026-05-04,NT,Jos\xe9\n",
    "misspelt.csv": b"template,priority,player,place,prze\nelimination,1,Ana,9th,1\nelimnation,1,Ana,9th,\n",
    "letter.txt": b"Dear Ana,\n",
    "letter.xlsx": b"Dear Ana,\n",
}

USAGE = [
    ("synch", "No such command 'synch'. Did you mean 'sync'?"),
    ("nas scann", "No such command 'scann'. Did you mean 'scan'?"),
    ("clips list --plyer Ana", "No such option: --plyer (Possible options: --player)"),
    ("catalog tree --epsiodes", "No such option: --epsiodes (Possible options: --episodes)"),
    ("nas scan WSOP", "Got unexpected extra argument(s) (WSOP)"),
    ("clips export", "Missing argument 'target'"),
    ("nas clear --library wsop", "Missing option '--below'"),
    ("catalog correct 1 event 3", "Missing option '--reason'"),
    ("render prioritize 1 --reason x", "Missing option '--priority'"),
    ("clips list --limit 0", f"Invalid value for '--limit' / '-n': {A_NUMBER} of at least 1, such as 17, got '0'"),
    ("clips list --grade 5", f"Invalid value for '--grade' / '-g': {A_NUMBER} from 1 to 3, got '5'"),
    ("clips list --grade five", f"Invalid value for '--grade' / '-g': {A_NUMBER} from 1 to 3, got 'five'"),
    ("hands list --limit 99999999999999999999", f"Invalid value for '--limit' / '-n': {A_NUMBER} of at least 1, such"),
    ("hands export 1 x --to out", f"Invalid value for 'ID…': {A_NUMBER}, such as 17, got 'x'"),
    ("hands list --session 99999999999999999999", "Invalid value for '--session': expected a whole number, such as 17"),
    ("hands show 99999999999999999999", f"Invalid value for 'ID': {A_NUMBER} of at least 1, such as 17, got '9999"),
    ("events tail -n -3", f"Invalid value for '--lines' / '-n': {A_NUMBER} of at least 0, such as 17, got '-3'"),
    ("catalog search x --year 24", f"Invalid value for '--year': {A_NUMBER} from 1900 to 2100, got '24'"),
    ("hands show abc", f"Invalid value for 'ID': {A_NUMBER} of at least 1, such as 17, got 'abc'"),
    ("sheets pin video.mp4 1 --reason x", f"Invalid value for 'ROW_ID': {A_NUMBER} of at least 1, such as 17, got"),
    ("clips export out --format avi", "'avi' is not one of 'edl', 'fcpxml', 'otio', 'csv', 'media'"),
    ("clips export out --assume-rate fast", "expected a frame rate such as 25, 29.97 or 30000/1001, got 'fast'"),
    ("dev --port 99999", f"Invalid value for '--port': {A_NUMBER} from 1 to 65535, got '99999'"),
    ("hands list --day yesterday", "Invalid value for '--day': expected a day such as 2026-05-04, got 'yesterday'"),
    ("hands import x --day 4.5.26", "Invalid value for '--day': expected a day such as 2026-05-04, got '4.5.26'"),
    ("render list --day 2026-02-30", "Invalid value for '--day': expected a day such as 2026-05-04, got '2026-02-30'"),
    ("render worker --day today", "Invalid value for '--day': expected a day such as 2026-05-04, got 'today'"),
    ("-C nowhere sync", "--folder nowhere: cannot be entered (No such file or directory). Correct the path."),
    ("-C empty.csv sync", "--folder empty.csv: cannot be entered (Not a directory). Correct the path."),
    ("events tail --since yesterdayy", f"--since: {A_TIME}'yesterdayy'"),
    ("nas missing --since 2026-13-01", f"--since: {A_TIME}'2026-13-01'"),
    ("render list --until 25:00", f"--until: {A_TIME}'25:00'"),
    ("hands list --since 04/05/2026", f"--since: {A_TIME}'04/05/2026'"),
    ("clips list --since today --until yesterday", "--since 'today' must be before --until 'yesterday'; exchange them"),
    ("nas duplicates --since 1h --until 2h", "--since '1h' must be before --until '2h'; exchange them"),
]

NOT_THERE = [
    (
        "catalog undo 99 --reason x",
        "unknown correction 99; `pokervod catalog corrections` lists them, `pokervod catalog created` ",
    ),
    ("catalog explain nowhere.mp4", "nowhere.mp4: unknown file; expected a path below the archive root, or an id."),
    ("catalog corrections nowhere.mp4", "nowhere.mp4: unknown file; expected a path below the archive root, or an id."),
    ("catalog correct nowhere.mp4 event 3 --reason x", "nowhere.mp4: unknown video; expected its path below the"),
    ("catalog correct 1 evnt 3 --reason x", "unknown field 'evnt'; expected one of project, series, year, season,"),
    ("catalog correct 1 year MMXX --reason x", "year: expected a number from 1960 to 2099, or none, got 'MMXX'"),
    ("catalog correct 1 project WSPO --reason x", "project: expected one of WSOP, HCL, GGMILLIONS, MPP, PAD, GOG,"),
    ("sheets pin 99999 a.mp4 --reason x", "unknown row 99999; `pokervod sheets rows` shows the ids"),
    ("sheets pin 1 nowhere.mp4 --reason x", "nowhere.mp4: no video has this path, or a path that ends with it"),
    ("sheets unpin 1 --reason x", "row 1 is not pinned; `pokervod sheets pins` lists the rows that are"),
    ("sheets pins handz", "unknown sheet 'handz'; did you mean `hands`?"),
    ("hands show 99", "unknown hand 99; `pokervod hands list` shows the ids"),
    ("hands export 99 --to out", "unknown hand 99; `pokervod hands list` shows the ids"),
    ("hands settle 9 --reason x", "unknown disagreement 9; `pokervod hands disagreements` lists them"),
    ("render show 99", "unknown render instruction 99; `pokervod render list` lists the instructions"),
    ("render cancel 99 --reason x", "Nothing changed: instruction 99 is unknown."),
    ("render bulk-retry -t elimnation --reason x", "unknown template 'elimnation'; did you mean `elimination`?"),
    ("alerts ack nothing --reason x", "unknown incident 'nothing'; known: none. List them: pokervod incidents list"),
    ("players unalias nobody", "unknown alias 'nobody'; `pokervod players list` shows the aliases"),
    ("events tail --correlation x", "unknown correlation id 'x'; `pokervod events tail --json` shows those of events"),
    ("nas clear -l wsop --below x --reason x", "no missing file of wsop is below 'x'; nothing changed. `pokervod nas"),
    ("db upgrade 9999", "unknown revision 9999; known: base, 0006"),
    ("db downgrade 9999 --yes", "unknown revision 9999; known: base, 0006"),
    ("rollout validate 99", "unknown week 99; plan 'production' has weeks 1 to 9"),
]

WRONG_FILE = [
    ("hands import nowhere.phh", "nowhere.phh: no such file or folder; check the path"),
    ("hands import empty.phh", "empty.phh: not a valid PHH hand: the field variant is missing"),
    ("hands import empty.hands.csv", "empty.hands.csv: the file is empty; export the sheet again"),
    ("hands import headless.hands.csv", "not a CSV of hands: the column variant is missing in row 1; see docs/hands"),
    ("hands import latin.hands.csv", "Expected UTF-8, got what looks like Windows-1252 (line 2: 'José'). Save it as"),
    ("hands import letter.txt", "letter.txt: not JSON at line 1, column 1: Expecting value; export the session again"),
    ("render enqueue folder", "folder: cannot read the file (Is a directory); check its path and permissions"),
    ("render enqueue nowhere.csv", "nowhere.csv: cannot read the file (No such file or directory); check its path"),
    ("render enqueue empty.csv", "empty.csv: the file is empty; name the columns in its first line, such as"),
    ("render enqueue headless.csv", "headless.csv line 1: the column 'template' is missing; name the columns in the"),
    ("render enqueue latin.csv", "latin.csv: Expected UTF-8, got what looks like Windows-1252 (line 2: 'José'). Save"),
    ("render enqueue misspelt.csv", "line 2, column prze: unknown layer 'prze' of elimination; did you mean `prize`?"),
    ("render enqueue misspelt.csv", "line 3, column template: unknown template 'elimnation'; did you mean `elim"),
    ("render enqueue latin.csv -t elimination", "expected either a CSV file or --template;"),
    ("render enqueue -t elimination", "elimination needs the layer `player` (who goes out)"),
    ((*ENQUEUE, "place"), "--layer: expected NAME=VALUE, each layer once, got 'place'"),
    ((*ENQUEUE, "prize=lots"), "expected a number such as 1,250,000 or 1.25M, got 'lots'"),
    ((*ENQUEUE, "place=9th", "--priority", "11"), "expected a priority from 1 (the highest) to 10, got '11'"),
    ((*ENQUEUE, "place=9th", "--seconds", "-3"), "expected seconds such as 8 or 7.5, at most 600, got '-3'"),
    ((*ENQUEUE, "place=9th", "--format", "avi"), "unknown format 'avi'; known: mov_alpha, png_sequence, mp4"),
    ("db backup nowhere/x.dump", "nowhere/x.dump: cannot be written (No such file or directory); correct the path"),
    ("db backup folder", "folder: cannot be written (Is a directory); correct the path or its rights"),
]


def read_end(result: Any) -> tuple[int, str]:
    """Return the exit status and the message, in one line."""
    error = result.exception
    assert error is None or isinstance(error, PokervodError | SystemExit), error
    status = next((code for kind, code in EXIT_CODES if isinstance(error, kind)), result.exit_code)
    words = unstyle(f"{error if isinstance(error, PokervodError) else result.stderr}").replace("│", " ").split()
    told = " ".join(words)
    assert not re.search(r"(\S+): \1: ", told), told
    return status, told


@pytest.fixture
def files(run: Run, tmp_path: Path) -> Path:
    """Return the folder of settings with files that nobody should give to a command."""
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "folder").mkdir()
    return tmp_path


@pytest.mark.parametrize("mistakes", [USAGE, NOT_THERE, WRONG_FILE], ids=["usage", "not there", "wrong file"])
def test_a_mistake_ends_with_2_and_says_what_to_correct(run: Run, files: Path, mistakes: list[tuple[Any, str]]) -> None:
    ends = {words: read_end(run(*(words.split() if isinstance(words, str) else words))) for words, _ in mistakes}

    assert [(words, ends[words]) for words, says in mistakes if ends[words][0] != 2 or says not in ends[words][1]] == []


WRONG_SETTING = [
    ("DATABASE_URL", "sqlite:///x.db", "nas missing", 2, "POKERVOD_DATABASE_URL must name a PostgreSQL database: "),
    ("DATABASE_URL", "postgres//x", "nas missing", 2, "POKERVOD_DATABASE_URL must be a URL such as postgresql://"),
    ("DATABASE_URL", "postgresql://u:p@h:port/x", "nas missing", 2, "POKERVOD_DATABASE_URL must be a URL such as"),
    ("DATABASE_URL", "postgresql://u:secret@127.0.0.1:1/x", "nas missing", 1, "u:***@127.0.0.1:1/x does not answer"),
    ("CONFIG", "nowhere.yaml", "nas missing", 2, "nowhere.yaml, which is not a file: create it or unset the variable"),
    ("CONFIG", "folder", "nas missing", 2, "folder, which is not a file: create it or unset the variable"),
    ("TIME_ZONE", "Seoul", "nas missing", 2, "POKERVOD_TIME_ZONE: time_zone: expected an IANA time zone such as"),
    ("ARCHIVE_ROOTS", "a=x:a=y", "nas missing", 2, "POKERVOD_ARCHIVE_ROOTS: archive_roots: duplicate name 'a'; rename"),
    (
        "ARCHIVE_ROOTS",
        "nas=/nowhere",
        "nas scan",
        1,
        "/nowhere: No such file or directory. Mount the share, or correct",
    ),
    ("ARCHIVE_ROOTS", "nas=empty.csv", "nas scan", 1, "empty.csv: expected a folder, got a file. Correct the"),
    ("SHEETS", "nowhere.csv", "sheets sync", 1, "the workbook cannot be read (No such file or directory). Check the"),
    ("SHEETS", "folder", "sheets sync", 2, "folder: unknown workbook type. Save it as one of .csv, .tsv, .xlsx"),
    (
        "SHEETS",
        "empty.csv",
        "sheets sync",
        2,
        "empty.csv: the file is empty (0 bytes). Save or export the sheet again.",
    ),
    (
        "SHEETS",
        "latin.csv",
        "sheets sync",
        2,
        "got what looks like Windows-1252 (line 2: 'José'). Save it as CSV UTF-8",
    ),
    ("SHEETS", "letter.xlsx", "sheets sync", 2, "the workbook is damaged, cut off or protected"),
]


def test_a_wrong_setting_is_named_with_what_to_correct(run: Run, files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value, words, status, says in WRONG_SETTING:
        with monkeypatch.context() as changed:
            changed.setenv(f"POKERVOD_{name}", value)
            if name == "ARCHIVE_ROOTS":
                (files / "pokervod.yaml").write_text("{}", encoding="utf-8")
            ended, told = read_end(run(*words.split()))

        assert (ended, says in told, "secret" in told) == (status, True, False), (name, value, told)
