"""Stored reports of the day."""

from __future__ import annotations

from datetime import date

from pynamodb.attributes import UnicodeAttribute

from kernel.store.items import Item, Key, PackedJSONAttribute

#: Partition of the reports and their events: about 250 of a few hundred bytes a year.
WORKLIST = "WORKLIST"


# P  report of a day                 pk: WORKLIST   sk: REPORT#<day>
# P  reports of days, newest first   pk: WORKLIST   sk: REPORT#…
class DayReportItem(Item, discriminator="day_report"):
    """Orders that were due on a working day and not handled by its end, as `DayReported` published them."""

    day = UnicodeAttribute()
    reported_at = UnicodeAttribute()
    unhandled = PackedJSONAttribute()


def day_report_key(day: date) -> Key:
    """Return the key of the report of a day."""
    return WORKLIST, f"REPORT#{day}"
