"""Public holidays of China. The State Council publishes the next year each November (docs/operating.md)."""

from datetime import date, timedelta

from kernel.time.calendar import Calendar


def _days(first: date, last: date) -> set[date]:
    return {first + timedelta(days=days) for days in range((last - first).days + 1)}


#: Complete until the end of 2026.
CHINA = Calendar(
    holidays=frozenset(
        _days(date(2026, 1, 1), date(2026, 1, 3))  # 元旦
        | _days(date(2026, 2, 15), date(2026, 2, 23))  # 春节
        | _days(date(2026, 4, 4), date(2026, 4, 6))  # 清明节
        | _days(date(2026, 5, 1), date(2026, 5, 5))  # 劳动节
        | _days(date(2026, 6, 19), date(2026, 6, 21))  # 端午节
        | _days(date(2026, 9, 25), date(2026, 9, 27))  # 中秋节
        | _days(date(2026, 10, 1), date(2026, 10, 7))  # 国庆节
    ),
    # 调休: weekend days worked in exchange
    workdays=frozenset(
        {
            date(2026, 1, 4),
            date(2026, 2, 14),
            date(2026, 2, 28),
            date(2026, 5, 9),
            date(2026, 9, 20),
            date(2026, 10, 10),
        }
    ),
)
