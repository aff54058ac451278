"""Find the quote before a cell that should not be there. Pure.

Where the quotes of a text match, each one opens a cell, closes it, or is doubled. One too many turns the cells below it
inside out, so that sooner or later a quote does not match. The stray one is that without which all match again, and
without which its row ends in another line.
"""

import csv
import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import accumulate, chain

MAX_QUOTES_TRIED = 12
"""Before the one that does not match: quoted cells that begin with a delimiter or a line end hide it for longer."""


@dataclass(frozen=True, slots=True)
class StrayQuote:
    """Hold the first line of its record, its cell, and the last line of the record without it; all count from 1.

    ``moves_end`` is whether the record ends in another line with it.
    """

    line: int
    cell: int
    last_line: int
    moves_end: bool


class QuoteCheck:
    """Check whether the quotes of a text match, and its records one after the other."""

    def __init__(self, lines: Sequence[str], delimiter: str) -> None:
        text = "".join(lines)
        self._text = text if text.endswith(("\n", "\r")) else f"{text}\n"
        self._starts = [0, *accumulate(map(len, lines))]
        self._starts[-1] = len(self._text)
        self._lines = lines
        self._delimiter = delimiter
        self._spans: list[tuple[int, int]] = []
        self._floor = 0
        mark, line_end, inside = re.escape(delimiter), r"(?:\r\n?|\n)", r'[^"]*+(?:""[^"]*+)*+'
        cell = rf'(?:"{inside}"|[^"{mark}\r\n]*+)'
        cells, record = rf"(?:{cell}(?:{mark}|{line_end}))*+", rf"(?:{cell}{mark})*+{cell}{line_end}"
        self._cells = re.compile(cells)
        self._quoted = re.compile(rf'"{inside}')
        self._rest = re.compile(rf"[^{mark}\r\n]*+(?:{mark}|{line_end})")
        self._continuations = (
            (self._cells, re.compile(record)),
            (
                re.compile(rf'{inside}"(?:{mark}|{line_end}){cells}'),
                re.compile(rf'{inside}"(?:{line_end}|{mark}{record})'),
            ),
        )

    def is_matched(self) -> bool:
        """Return whether all quotes match, so that there is no stray one."""
        return self._match(self._cells, 0) == len(self._text)

    def find_stray(self, line: int, last_line: int) -> StrayQuote | None:
        """Return the stray quote that shows in these lines of the next record; it may be in a record above."""
        if line != (self._spans[-1][1] + 1 if self._spans else 1):
            self._floor = self._starts[line - 1]
        self._spans.append((line, last_line))
        for opening, unmatched in self._find_unmatched(self._starts[line - 1], self._starts[last_line]):
            suspects = self._list_suspects(opening, unmatched)
            strays = {quote: stray for quote in suspects if (stray := self._test(quote, unmatched))}
            if stray := self._choose(strays, unmatched):
                self._floor = self._starts[stray.last_line]
                self._spans[self._find_span(self._starts[stray.line - 1]) :] = [(stray.line, stray.last_line)]
                return stray
        return None

    def _choose(self, strays: Mapping[int, StrayQuote], unmatched: int) -> StrayQuote | None:
        """Return the one without which the rows are most alike, None where its row ends in the same line without it."""
        if not strays:
            return None
        above = self._spans[max(0, self._find_span(min(strays)) - 1)][0]

        def rate(quote: int) -> tuple[int, int, bool, int]:
            widths = Counter(self._list_widths(quote, above, unmatched))
            return -max(widths.values(), default=0), -widths.total(), not strays[quote].moves_end, quote

        best = strays[min(strays, key=rate)]
        return best if best.moves_end else None

    def _match(self, pattern: re.Pattern[str], begin: int, end: int | None = None) -> int:
        found = pattern.match(self._text, begin, len(self._text) if end is None else end)
        return found.end() if found else begin

    def _find_unmatched(self, begin: int, end: int) -> Iterator[tuple[int, int]]:
        """Yield where a cell begins and its quote that does not match, or the end of the text."""
        while (begin := self._match(self._cells, begin, end)) < end:
            quoted = self._quoted.match(self._text, begin, end)
            unmatched = quoted.end() if quoted else self._text.index('"', begin)
            yield begin, unmatched
            if unmatched >= end:
                return
            begin = self._match(self._rest, unmatched, end)

    def _list_suspects(self, opening: int, unmatched: int) -> list[int]:
        """Return the quotes that may be stray: the nearest ones before a cell, from the top."""
        quotes, at = {opening} if self._text[opening] == '"' else set(), unmatched + 1
        for _ in range(MAX_QUOTES_TRIED):
            if (at := self._text.rfind('"', self._floor, at)) < 0:
                break
            if at == 0 or self._text[at - 1] in f"{self._delimiter}\r\n":
                quotes.add(at)
        return sorted(quotes)

    def _test(self, quote: int, unmatched: int) -> StrayQuote | None:
        """Return the quote if it is the stray one; behind it is the beginning of a cell, or the inside of one."""
        first, last = self._spans[self._find_span(quote)]
        for cells, record in self._continuations:
            if self._match(cells, quote + 1) <= min(unmatched, len(self._text) - 1):
                continue
            without = bisect_left(self._starts, self._match(record, quote + 1))
            return StrayQuote(first, self._count_cells(quote, first), without, without != last)
        return None

    def _find_line(self, offset: int) -> int:
        return bisect_right(self._starts, offset)

    def _find_span(self, offset: int) -> int:
        return bisect_right(self._spans, self._find_line(offset), key=lambda span: span[0]) - 1

    def _count_cells(self, quote: int, first: int) -> int:
        """Return the cell of the quote in the record that begins in line ``first``."""
        line = self._find_line(quote)
        lines = [*self._lines[first - 1 : line - 1], self._text[self._starts[line - 1] : quote]]
        with suppress(csv.Error):  # a cell is too long
            return len(next(csv.reader(lines, delimiter=self._delimiter), [])) or 1
        return 1

    def _list_widths(self, quote: int, first: int, unmatched: int) -> list[int]:
        """Return how many cells the records from line ``first`` to that of ``unmatched`` have without the quote."""
        line = self._find_line(quote)
        begin, end = self._starts[line - 1], self._starts[line]
        changed = self._text[begin:quote] + self._text[quote + 1 : end]
        below = map(self._lines.__getitem__, range(line, len(self._lines)))
        reader = csv.reader(chain(self._lines[first - 1 : line - 1], [changed], below), delimiter=self._delimiter)
        count = self._find_line(min(unmatched, len(self._text) - 1)) - first + 1
        widths: list[int] = []
        with suppress(csv.Error):  # a cell is too long
            while reader.line_num < count:
                widths.append(len(next(reader)))
        return widths
