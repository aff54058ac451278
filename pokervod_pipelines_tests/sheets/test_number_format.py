"""Check that a number is read as its cell shows it."""

import doctest

import pytest

from pokervod_pipelines.sheets import number_format, worksheet
from pokervod_pipelines.sheets.number_format import show_stored_number, show_stored_text

SECOND = 1 / 86_400
MINUTE = 1 / 1_440


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (210, '0":"00', "2:10"),
        (5, '0":"00', "0:05"),
        (10_203, '0":"00":"00', "1:02:03"),
        (210, '[<10000]0":"00;0":"00":"00', "2:10"),
        (10_210, '[<10000]0":"00;0":"00":"00', "1:02:10"),
        (28, "0000", "0028"),
        (7, "00", "07"),
        (1234.5, "00.00", "1234.50"),
        (1, '"WSOP_2004_"0', "WSOP_2004_1"),
        (20_040_102, '0000"_"00"_"00', "2004_01_02"),
        (1234, "000-0000", "000-1234"),
        (5_551_234, "[<=9999999]###-####;(###) ###-####", "555-1234"),
        (7, r"\#0", "#7"),
        (7, r"0\회", "7회"),
        (3, 'General"번"', "3번"),
        (1.5, '0.0"m"', "1.5m"),
        (12_000, '0.0,"k"', "12.0k"),
        (136_600, '#,##0" chips"', "136,600 chips"),
        (-3, '"E"0', "-E3"),
        (-3, '0"E";"minus "0', "minus 3"),
        (0.5, "0%", "50%"),
        (0.125, "0.0%", "12.5%"),
        (0, "0;;;@", ""),
    ],
)
def test_a_mask_is_part_of_what_a_person_sees(value: float, code: str, text: str) -> None:
    assert show_stored_number(value, code) == text


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (136_600, "General", "136600"),
        (136_600, "#,##0", "136600"),
        (136_600, '"$"#,##0', "136600"),
        (136_600, "[$₩-412]#,##0", "136600"),
        (136_600, r'_-* #,##0_-;\-* #,##0_-;_-* "-"_-;_-@_-', "136600"),
        (-5, "#,##0_);(#,##0)", "-5"),
        (1.5, "0", "1.5"),
        (1.5, "# ?/?", "1.5"),
        (12_345, "0.00E+00", "12345"),
        (7, "@", "7"),
        (0.1 + 0.2, "General", "0.3"),
    ],
)
def test_a_format_that_groups_or_rounds_hides_no_digit(value: float, code: str, text: str) -> None:
    assert show_stored_number(value, code) == text


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (130 * MINUTE, "[$-en-US]h:mm;@", "2:10"),
        (130 * MINUTE, "[$-409]h:mm;@", "2:10"),
        (130 * MINUTE, "[$-x-systime]h:mm", "2:10"),
        (130 * MINUTE, "[$-F400]h:mm:ss AM/PM", "2:10:00"),
        (130 * MINUTE, "[Red]h:mm", "2:10"),
        (130 * MINUTE, 'h"h "mm"m"', "2:10"),
        (130 * MINUTE, '[h]"시간" mm"분"', "2:10"),
        (130 * MINUTE, r"h\:mm", "2:10"),
        (130 * SECOND, "[$-en-US]h:mm:ss;@", "0:02:10"),
        (130 * SECOND, "mm:ss", "2:10"),
        (130 * SECOND, '[mm]:ss"s"', "2:10"),
        (3730 * SECOND, "[mm]:ss", "62:10"),
        (1 + 90 * MINUTE, "h:mm:ss", "1:30:00"),
        (1 + 90 * MINUTE, "[h]:mm:ss", "25:30:00"),
        (45_000, "yyyy-mm-dd", "2023-03-15"),
        (45_000.5, "m/d/yy h:mm", "2023-03-15 12:00:00"),
        (45_000, 'yyyy"년" m"월" d"일"', "2023-03-15"),
    ],
)
def test_a_time_has_the_shape_of_its_cell(value: float, code: str, text: str) -> None:
    assert show_stored_number(value, code) == text


def test_days_are_counted_from_the_epoch_of_the_workbook() -> None:
    assert show_stored_number(1, "yyyy-mm-dd") == "1900-01-01"
    assert show_stored_number(43_538, "yyyy-mm-dd", is_1904=True) == "2023-03-15"


def test_a_format_may_add_to_a_text() -> None:
    assert show_stored_text("2004_1", '"WSOP_"@') == "WSOP_2004_1"
    assert show_stored_text("2004_1", "h:mm;@") == "2004_1"


@pytest.mark.parametrize("module", [number_format, worksheet])
def test_the_examples_are_true(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]
