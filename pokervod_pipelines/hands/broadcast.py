"""To which broadcast day a moment belongs: a show that goes on after midnight is still yesterday's."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class BroadcastDays:
    """Days that begin at ``starts_at`` by the clocks of ``zone``."""

    zone: ZoneInfo
    starts_at: time

    def find_day(self, moment: datetime) -> date:
        """Return the day of an aware moment.

        >>> from datetime import UTC
        >>> days = BroadcastDays(ZoneInfo("Europe/London"), time(6))
        >>> str(days.find_day(datetime(2031, 5, 5, 4, 59, tzinfo=UTC)))
        '2031-05-04'
        """
        try:
            clock = moment.astimezone(self.zone).replace(tzinfo=None)
            return (clock - timedelta(hours=self.starts_at.hour, minutes=self.starts_at.minute)).date()
        except OverflowError:  # at either end of the calendar
            return moment.date()
