"""Draw rows: texts left-aligned, numbers right-aligned, the first row highlighted as the leader."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pokervod_pipelines.render.renderers.local import theme
from pokervod_pipelines.render.renderers.local.blocks import LABEL, centre_base
from pokervod_pipelines.render.renderers.local.canvas import Align, Canvas, Rectangle
from pokervod_pipelines.render.renderers.local.content import RowTable
from pokervod_pipelines.render.renderers.local.lettering import SMALLEST
from pokervod_pipelines.render.renderers.local.theme import Style

HEADER, FOOT = 46.0, 14.0
COLUMN_GAP = 34.0
LETTERS, SMALLEST_LETTERS = 0.52, 0.75
"""Size of letters relative to their row, and the smallest scale of all of them if columns are too wide."""

POSITIONS = ("position", "place")
"""Columns with the rank of a row; they are gold."""


@dataclass(frozen=True, slots=True)
class TableBlock:
    """Draw a layer of rows of height ``row``, the labels above, optionally on its own panel."""

    table: RowTable
    row: float = 66.0
    side: float = 28.0
    has_panel: bool = False
    letters: float = 1.0

    def height(self, canvas: Canvas, width: float) -> float:
        """Return the height of the labels and the rows."""
        return HEADER + self.row * len(self.table.rows) + (FOOT if self.has_panel else 0)

    def draw(self, canvas: Canvas, left: float, top: float, width: float) -> None:
        """Draw every second row on a lighter stripe, the first on gold."""
        room = width - 2 * self.side
        fitted = self._fit_letters(canvas, room)
        widths = share_width(fitted._natural_widths(canvas), self.table.is_number, room)
        first, steps = canvas.cue * 0.5, max(1, len(self.table.rows))
        with canvas.entering(first, (0, 18)):
            if self.has_panel:
                canvas.draw_panel(Rectangle(left, top, width, self.height(canvas, width)))
            labels = [(label, LABEL) for label in self.table.labels]
            self._draw_row(canvas, labels, None, Rectangle(left, top, width, HEADER), widths)
        for number, cells in enumerate(fitted._fit_rows(canvas, widths)):
            place = Rectangle(left, top + HEADER + number * self.row, width, self.row)
            with canvas.entering(first + (1 - first) * number / steps, (0, 18)):
                self._draw_stripe(canvas, number, place)
                self._draw_row(canvas, cells, number, place, widths)

    def _fit_letters(self, canvas: Canvas, width: float) -> "TableBlock":
        """Return the block in smaller letters if it would be too wide: names and numbers keep one size."""
        natural = sum(self._natural_widths(canvas))
        share = (width - COLUMN_GAP * (len(self.table.names) - 1)) / natural if natural else 1.0
        return replace(self, letters=min(1.0, max(SMALLEST_LETTERS, share)))

    def _natural_widths(self, canvas: Canvas) -> list[float]:
        return [
            max(
                [canvas.measure(label, LABEL)]
                + [
                    canvas.measure(row[column], self._style(number, column))
                    for number, row in enumerate(self.table.rows)
                ]
            )
            for column, label in enumerate(self.table.labels)
        ]

    def _fit_rows(self, canvas: Canvas, widths: Sequence[float]) -> list[tuple[tuple[str, Style], ...]]:
        """Return the cells with their styles; a column has one size, so that no row looks less important."""
        columns = [
            canvas.fit_together(
                [(row[column], self._style(number, column)) for number, row in enumerate(self.table.rows)],
                width,
                min_scale=SMALLEST / self.letters,
            )
            for column, width in enumerate(widths)
        ]
        return list(zip(*columns, strict=True))

    def _draw_stripe(self, canvas: Canvas, number: int, place: Rectangle) -> None:
        if number == 0:
            canvas.draw_plate(place, theme.LEADER)
            canvas.draw_plate(Rectangle(place.left, place.top, 6, place.height), theme.GOLD_TOP, theme.GOLD_FOOT)
        elif number % 2 == 0:
            canvas.draw_plate(place, theme.STRIPE)

    def _draw_row(
        self,
        canvas: Canvas,
        cells: Sequence[tuple[str, Style]],
        number: int | None,
        place: Rectangle,
        widths: Sequence[float],
    ) -> None:
        x = place.left + self.side
        for column, ((cell, style), width) in enumerate(zip(cells, widths, strict=True)):
            name = self.table.names[column]
            layer = self.table.layer if number is None else f"{self.table.layer} {number + 1} {name}"
            align: Align = "right" if self.table.is_number[column] else "left"
            base = centre_base(place.top, place.height, LABEL if number is None else self._style(number, column))
            if cell:
                canvas.draw_text(layer, cell, style, x=x, base=base, width=width, align=align)
            x += width + COLUMN_GAP

    def _style(self, number: int, column: int) -> Style:
        size = self.row * LETTERS * self.letters
        if self.table.names[column] in POSITIONS:
            return Style(size, "bold", theme.GOLD)
        if not self.table.is_number[column]:
            return Style(size, "bold" if number == 0 else "medium", theme.WHITE)
        is_chief = column == self.table.is_number.index(True, self._first_text())
        return Style(size, "bold", theme.WHITE) if is_chief else Style(size, "regular", theme.SILVER)

    def _first_text(self) -> int:
        """Return the column from which on a number is what the table is about."""
        texts = [column for column, is_number in enumerate(self.table.is_number) if not is_number]
        return texts[0] if texts and any(self.table.is_number[texts[0] :]) else 0


def share_width(natural: Sequence[float], is_number: Sequence[bool], width: float) -> list[float]:
    """Return the width of each column, so that all fill the width: spare room goes to the first text, or to all.

    If the room does not suffice, texts shrink first, down to a quarter of the width together; then all columns.
    """
    room = max(1.0, width - COLUMN_GAP * max(0, len(natural) - 1))
    spare = room - sum(natural)
    texts = [column for column, number in enumerate(is_number) if not number]
    widths = list(natural)
    if spare >= 0:
        for column in texts[:1] or range(len(widths)):
            widths[column] += spare / len(texts[:1] or widths)
        return widths
    text_width = sum(natural[column] for column in texts)
    kept = max(text_width + spare, min(text_width, room / 4))
    for column in texts:
        widths[column] *= kept / text_width if text_width else 1.0
    share = min(1.0, room / sum(widths))
    return [column_width * share for column_width in widths]
