"""Keep the areas of a spreadsheet that move with its rows and columns: names, filters, protections, merged cells."""

from dataclasses import dataclass, field

from pokervod_pipelines_tests.google.grid import Grid, PlacedArea, move_area
from pokervod_pipelines_tests.google.ranges import Area

Placed = dict[str, PlacedArea]


@dataclass(slots=True)
class Areas:
    """Hold the areas of each kind by name; a filter by the id of its tab, which has at most one."""

    named: Placed = field(default_factory=dict)
    filters: Placed = field(default_factory=dict)
    protected: Placed = field(default_factory=dict)
    merged: Placed = field(default_factory=dict)

    @property
    def kinds(self) -> tuple[Placed, ...]:
        """List the four kinds."""
        return self.named, self.filters, self.protected, self.merged

    def copy(self) -> "Areas":
        """Return areas that can be changed without changing these."""
        return Areas(*map(dict, self.kinds))

    def move(self, grid: Grid, *, at: int, inserted: int = 0, deleted: int = 0, by_rows: bool) -> None:
        """Follow rows or columns that were inserted in the tab or deleted from it."""
        for areas in self.kinds:
            for name, place in [entry for entry in areas.items() if entry[1].tab == grid.id]:
                moved = move_area(place.area, at=at, inserted=inserted, deleted=deleted, by_rows=by_rows)
                if moved is None:
                    del areas[name]
                else:
                    areas[name] = place._replace(area=moved)

    def drop(self, grid: Grid) -> None:
        """Forget the areas of a tab that was deleted."""
        for areas in self.kinds:
            for name in [name for name, place in areas.items() if place.tab == grid.id]:
                del areas[name]

    def is_protected(self, grid: Grid, area: Area, email: str) -> bool:
        """Return whether some of the cells are closed to the account."""
        return any(
            place.tab == grid.id and email not in place.editors and place.area.meets(area)
            for place in self.protected.values()
        )
