"""Test that files which a number or ordinal tells apart are never versions of one programme, and real versions are."""

import pytest

from pokervod_pipelines.catalog.layout import TreeLayout
from pokervod_pipelines.catalog.name_identity import identify_name
from pokervod_pipelines_tests.catalog.inventory import group_paths

MAIN = "WSOP/2026/2026 WSOP Main Event Day 2"


def count_programmes(*paths: str) -> int:
    return len(group_paths(enumerate(paths)).episodes)


@pytest.mark.parametrize(
    "marks",
    [
        # parts that rules read
        " Part I| Part II| Part III| Part IV",
        " Part One| Part Two",
        " pt.1| pt.2",
        " pt. 1| pt. 2",
        " Pt #1| Pt #2",
        "_pt1|_pt2",
        " (1 of 3)| (2 of 3)| (3 of 3)",
        " Part 1of2| Part 2of2",
        " 1부| 2부",
        " 제1부| 제2부",
        " 파트1| 파트2",
        " Part １| Part ２",
        " Part Ⅰ| Part Ⅱ",
        " first part| second part",
        " Session One| Session Two",
        # numbers and ordinals that no rule reads
        "-1|-2",
        "_1|_2",
        " - 01| - 02",
        "| 2",
        "| II",
        "| Part 2",
        " ①| ②",
        " [1⧸3]| [2⧸3]",
        " one of two| two of two",
        " (A)| (B)",
        " Part A| Part B",
        " Session A| Session B",
        " CD1| CD2",
        " Disc 1| Disc 2",
        " Disk One| Disk Two",
        " DVD 1| DVD 2",
        " Table 1| Table 2",
        " Table One| Table Two",
        " Feature Table 1| Feature Table 2",
        " Tape 1| Tape 2",
        " Reel A| Reel B",
        " P1| P2",
        " Vol. 1| Vol. 2",
        " Seg01| Seg02",
        " Cam 1| Cam 2",
        " 1st half| 2nd half",
        " first half| second half",
        " Round 1| Round 2",
        " Match 1| Match 2",
        " Level 10| Level 11",
        " Group A| Group B",
        " Heat One| Heat Two",
        " 1편| 2편",
        " 상편| 하편",
        " (상)| (하)",
        " 전반| 후반",
        " 前編| 後編",
        " 第一部| 第二部",
        " 其の一| 其の二",
        " 첫째| 둘째",
        " 1탄| 2탄",
        " 1일차| 2일차",
        " Part ²| Part ³",
        " Part ❶| Part ❷",
        " Part ⑴| Part ⑵",
        " Part ١| Part ٢",
        " Part 1a| Part 1b",
        " Part 1 & 2| Part 3 & 4",
        " Part 1-2| Part 1",
        ".1|.2",
        " #1| #2",
        " [01]| [02]",
        " H1| H2",
        " 1H| 2H",
        " 13h| 15h",
        " 12-30-00| 14-45-00",
        " Hands 1-50| Hands 51-100",
        " Stream One| Stream Two",
        " CD 01 1080p| CD 02 1080p",
        " Part 1 clean| Part 2 clean",
        " final 1| final 2",
        " DiscOne| DiscTwo",
        " XI| XII",
        " (1-3)| (2-3)",
        " 1번 테이블| 2번 테이블",
        " 테이블 1| 테이블 2",
        " A조| B조",
        " 1교시| 2교시",
        " TV Table A| TV Table B",
        " T1| T2",
        " LTO1| LTO2",
        ".001|.002",
        ", 1|, 2",
        " – 1| – 2",
        # two copies of a download whose original is absent
        " (1)| (2)",
        "-001|-002",
        "_789647313|_725964551",
    ],
)
def test_a_count_behind_the_day_parts_files(marks: str) -> None:
    paths = [f"{MAIN}{mark}.mp4" for mark in marks.split("|")]

    assert count_programmes(*paths) == len(paths)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("WSOP/2026 WSOP Main Event Day One", "WSOP/2026 WSOP Main Event Day Two"),
        ("WSOP/2026 WSOP Main Event D1", "WSOP/2026 WSOP Main Event D2"),
        ("WSOP/2026 WSOP Main Event Table 1 Day 1", "WSOP/2026 WSOP Main Event Table 2 Day 1"),
        ("WSOP/2026 WSOP Main Event 01 Day 1", "WSOP/2026 WSOP Main Event 02 Day 1"),
        ("WSOP/2026 WSOP Main Event Final Table 1", "WSOP/2026 WSOP Main Event Final Table 2"),
        ("WSOP/2026 WSOP Main Event Final Four", "WSOP/2026 WSOP Main Event Final Table"),
        ("WSOP/2026 WSOP Main Event Round of 16", "WSOP/2026 WSOP Main Event Round of 8"),
        ("WSOP/2026 WSOP Event #9 - $10K Stud - Day 1-1", "WSOP/2026 WSOP Event #9 - $10K Stud - Day 1-2"),
        ("WSOP/2026 WSOP Event #2 - $10K Stud - Day 1", "WSOP/2026 WSOP Event #2 - $10K Stud - Day 1 2"),
        ("2026.WSOP.Main.Event.Day.2.Part.1", "2026.WSOP.Main.Event.Day.2.Part.2"),
        ("2026_WSOP_Main_Event_Day_2_Part_I", "2026_WSOP_Main_Event_Day_2_Part_II"),
        ("WSOP/2026 WSOP Main Event Final Nine", "WSOP/2026 WSOP Main Event Final Six"),
        ("WSOP/2026 WSOP Main Event Last 27", "WSOP/2026 WSOP Main Event Last 18"),
        ("2026 WSOP Event #9 Day 1 Flight A", "2026 WSOP Event #9 Day 1 Flight B"),
        ("2026 WSOP Event Nine", "2026 WSOP Event Ten"),
        ("2026 WSOP Event No. 9", "2026 WSOP Event No. 10"),
        ("2026 WSOP Main Event E05", "2026 WSOP Main Event E06"),
        # archive tapes
        ("WSOPE08_Episode_1-2_H264", "WSOPE08_Episode_1_H264"),
        ("WSOP 1988/wsop-1988-me-1-nobug", "WSOP 1988/wsop-1988-me-2-nobug"),
        ("2005 WSOP Rio Hour 1 CC", "2005 WSOP Rio Hour 2 CC"),
        ("WSOP 2003/WSOP_2003_pt1", "WSOP 2003/WSOP_2003_pt2"),
        ("WSOP 1983/WSOP_1983 I", "WSOP 1983/WSOP_1983 II"),
        ("WSOP 1983/WSOP_1983 1st", "WSOP 1983/WSOP_1983 2nd"),
        ("WSOP_2009_31a", "WSOP_2009_31b"),
        ("2009 WSOP ME25 A", "2009 WSOP ME25 B"),
        ("WSOP13_ME01_NB_1", "WSOP13_ME01_NB_2"),
        ("WS12_Show_10A_ME06_NB", "WS12_Show_10B_ME06_NB"),
        ("2004 WSOP Show 16 ME 04 CD1", "2004 WSOP Show 16 ME 04 CD2"),
        ("WSOP 2003/2003 WSOP Best of Bluffs One", "WSOP 2003/2003 WSOP Best of Bluffs Two"),
        ("World Series of Poker 2005 S03E02", "World Series of Poker 2005 S03E03"),
        # other shows
        ("PAD S05E10 & E11", "PAD S05E10"),
        ("PAD Season 5 Episodes 1-3", "PAD Season 5 Episodes 4-6"),
        ("E01-02_GOG_final", "E01_GOG_final"),
        ("GGMillion$ High Rollers Week 3", "GGMillion$ High Rollers Week 4"),
        ("PAD/pad-s12-ep01_pt1", "PAD/pad-s12-ep01_pt2"),
        ("PAD/PAD_S12_EP01_1", "PAD/PAD_S12_EP01_2"),
        ("PAD/pad-s12-ep01-002", "PAD/pad-s12-ep01-003"),
        ("PAD/PAD S12E05-E06", "PAD/PAD S12E05"),
        ("PAD/PAD S12E05E06", "PAD/PAD S12E05"),
        ("GOG/E01_GOG_final_edit_231106_1", "GOG/E01_GOG_final_edit_231106_2"),
        ("GOG/E01_GOG_final_edit_1부", "GOG/E01_GOG_final_edit_2부"),
        ("GGM/Super High Roller Poker Part 1 with Ann", "GGM/Super High Roller Poker Part 2 with Ann"),
        ("260507_Super High Roller Poker with Ann 1", "260507_Super High Roller Poker with Ann 2"),
        ("MPP/$5M GTD   $5K MPP Main Event – Day 3 Part I", "MPP/$5M GTD   $5K MPP Main Event – Day 3 Part II"),
        ("HCL/Can He Fold @HustlerCasinoLive_1", "HCL/Can He Fold @HustlerCasinoLive_2"),
        ("HCL/Top Hands 101", "HCL/Top Hands 102"),
        ("Clips/MVI_001", "Clips/MVI_002"),
        # clips
        ("45-wsop-2026-me-day1c-ann-vs-bo-part-1-clean", "45-wsop-2026-me-day1c-ann-vs-bo-part-2-clean"),
        ("wsop-2026-be-ev-21-25k-nlh-hr-ft-ann-wins", "wsop-2026-be-ev-21-25k-nlh-hr-ft-bo-wins"),
        ("wsop-2026-be-ev-21-25k-nlh-hr-ft-ann-wins", "2026 WSOP Event #21 $25K NLH High Roller Final Table"),
        ("1213_Hand_09_A KJc vs B ThTc_pt1_PGM", "1213_Hand_09_A KJc vs B ThTc_pt2_PGM"),
        ("WV26-HB-02", "WK26-HB-02"),
        ("WE26-ME-01 part 1", "WE26-ME-01 part 2"),
        ("WE26-05 CD1", "WE26-05 CD2"),
        ("WE26-ME-01a", "WE26-ME-01b"),
        ("45-wsop-2026-me-day1c-ann-vs-bo-cd1", "45-wsop-2026-me-day1c-ann-vs-bo-cd2"),
        ("2026 WSOP-PARADISE/Day 1B/1213_Hand_09_A vs B_CD1", "2026 WSOP-PARADISE/Day 1B/1213_Hand_09_A vs B_CD2"),
        ("2026 WSOP-PARADISE/Day 1B/1213_Hand_09_A AhKh vs B 2c2d_1_PGM",
         "2026 WSOP-PARADISE/Day 1B/1213_Hand_09_A AhKh vs B 2c2d_2_PGM"),
        # the folder counts
        ("Part 1/2026 WSOP Main Event Day 2", "Part 2/2026 WSOP Main Event Day 2"),
        ("A/1부/2026 WSOP Main Event Day 2", "A/2부/2026 WSOP Main Event Day 2"),
        ("Disc 1/WSOP_1983", "Disc 2/WSOP_1983"),
        ("2026 WSOP Main Event Day 2/Part 1/stream", "2026 WSOP Main Event Day 2/Part 2/stream"),
        ("2026 WSOP/Main Event/Day 1-1/stream", "2026 WSOP/Main Event/Day 1-2/stream"),
        ("2026 WSOP/Main Event/Day 1 - Part 1/stream", "2026 WSOP/Main Event/Day 1 - Part 2/stream"),
        ("2026 WSOP/Main Event/1/stream", "2026 WSOP/Main Event/2/stream"),
        ("A/Table 1/stream", "A/Table 2/stream"),
        ("2026 WSOP Main Event/Day 2/CD1/HyperDeck_0011", "2026 WSOP Main Event/Day 2/CD2/HyperDeck_0011"),
        ("2026 WSOP Main Event/Day 2/HyperDeck_0011-001", "2026 WSOP Main Event/Day 2/HyperDeck_0011-003"),
        # blinds of a cash game
        ("WSOP 2026 Cash Game $25 $50 NLH", "WSOP 2026 Cash Game $100 $200 NLH"),
        # two days of recording of an event without a day
        ("260602_WSOP 2026 Event #3 $5K NLH", "260603_WSOP 2026 Event #3 $5K NLH"),
    ],
)  # fmt: skip
def test_files_that_a_number_tells_apart_are_two_programmes(one: str, other: str) -> None:
    assert count_programmes(f"{one}.mp4", f"{other}.mp4") == 2


@pytest.mark.parametrize(
    "files",
    [
        # one part in many spellings
        [f"{MAIN}{mark}.mp4" for mark in (" Part 1", " PartI", " pt.1", " (1 of 2)", " Part 1 of 2", " 1⧸2", "_pt1")],
        [f"{MAIN}{mark}.mp4" for mark in (" CD1", " CD 1", " Disc 1", " Disc One", " disk01")],
        [f"{MAIN}{mark}.mp4" for mark in (" Table 1", " - Table One", " (Table 01)")],
        # what describes the file: formats, cuts, copies, ids
        [
            f"{MAIN}{mark}.mp4"
            for mark in (
                "", " 1080p", " (720p)", " 4K", " H264", " x265 10bit", "-CLEAN", " nobug", "_nb", " v2", " ver2",
                " (1)", " copy 2", "-003", "_789647313", " 1920x1080 25fps", " 5.1", " ProRes 422", " 50Mbps",
                " MPEG-2 6.2Mbps 2-pass", " - final edit", " mastered", "_v2_1", " [dQw4w9WgXcQ]", " 2026-07-12",
                " 12.07.2026", " $15M Prize", " 2160p60", " 59.94p", " 50i", " HEVC 10 bit", " 8 Mbps", " crf18",
                " DNxHD 120", " Rec. 709", " HDR10", " V1.2", " final2", " rev2", " re-encode 2", " 6-Handed", " 9-max",
                " 1080i59.94", " 1080p25 50M", " XDCAM HD422", " AVC-Intra 100", " 16x9", " 5000k", " UHD50", " 3.5 GB",
                " fix2", "_export2",
            )
        ],
        ["2026.WSOP.Main.Event.Day.2.1080p.WEB-DL.x264-GRP.mp4", f"{MAIN}.mp4"],
        ["PAD/Poker.After.Dark.S05E10.1080p.WEB-DL.x264-GRP.mkv", "PAD/PAD 5x10.mp4", "PAD/PAD_S05_EP10-003.mp4"],
        ["PAD/PAD_S13_EP22_BestOf_FinalLook_HiRes-017.mp4", "PAD/PAD_S13_EP22-003.mp4"],
        ["1_2026 WSOPE #7 €550 Colossus Part1_NC.mp4", "2026 WSOPE #7 €550 Colossus Part 1.mp4"],
        ["WSOP13_ME07_60_NB.mp4", "WSOP13_ME07_NB.mp4", "WSOP13_ME07_FINAL_4CH.mov", "WSOP13_ME07_90.mov"],
        ["E11_GOG_final_edit_20231203_찐최종.mp4", "E11_GOG_final_edit_클린본.mp4", "E11_GOG_final_edit_최종2.mp4"],
        [
            "7-wsop-2026-be-ev-12-1500-nlh-ft-Ann-KK-vs-Bo-QQs-clean-updated-015.mp4",
            "7-wsop-2026-be-ev-12-1500-nlh-ft-Ann-KK-vs-Bo-QQs_1_prob4.mp4",
        ],
        ["wsop-2026-be-ev-21-25k-nlh-ft-ann-wins-clean-004.mp4", "wsop-2026-be-ev-21-25k-nlh-ft-ann-wins.mp4"],
        ["A/Backup 2/2026 WSOP Main Event Day 2.mp4", f"{MAIN}.mp4"],
        ["2026 WSOP Event #67 Main Event Day 3.mp4", "2026 WSOP #67 Main Event Day 3 [BRACELET EVENT #67].mp4"],
    ],
)  # fmt: skip
def test_versions_of_one_programme_stay_together(files: list[str]) -> None:
    assert count_programmes(*files) == 1


def test_copies_of_a_download_stay_with_their_original() -> None:
    assert count_programmes(f"{MAIN}.mp4", f"{MAIN} (1).mp4", f"{MAIN} (2).mp4") == 1


@pytest.mark.parametrize("count", ["Part", "Table"])
def test_a_number_behind_the_second_event_parts_the_first_too(count: str) -> None:
    names = [f"2026 WSOP Main Event Day 1B & $100K PLO Day 2 {count} {number}.mp4" for number in (1, 2)]

    assert count_programmes(*names) == 4


def test_a_main_event_with_two_numbers_is_two_programmes() -> None:
    names = [f"2026 WSOP {number}Main Event Day 3.mp4" for number in ("Event #67 ", "Event #68 ", "")]

    assert count_programmes(*names) == 3
    assert count_programmes(names[0], names[2]) == 1


def test_the_title_has_the_number_that_no_rule_read() -> None:
    layout = TreeLayout(group_paths(enumerate([f"{MAIN} Table 1.mp4", f"{MAIN} - Table Two.mp4", f"{MAIN}.mp4"])))

    titles = [layout.make_episode_title(key) for key in layout.episodes]
    assert sorted(title.rpartition(" · ")[2] for title in titles) == ["Day 2", "Day 2 (Table 1)", "Day 2 (Table 2)"]


def test_a_row_of_a_sheet_names_the_file_with_the_same_number() -> None:
    first, again, second = (identify_name(f"{MAIN} {table}") for table in ("Table 1", "- Table One", "Table 2"))

    assert first == again != second
