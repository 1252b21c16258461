"""Make helpers.json: what the helpers have to give, by the calendars of Python and dateutil.

Run with `python tests/golden/helpers.py > tests/golden/helpers.json`. Nothing of Meetlat is used.
"""

from __future__ import annotations

import datetime as dt
import json
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

DAYS = [dt.date.fromisoformat(day) for day in (
    "2000-02-29", "2023-01-31", "2023-02-28", "2024-01-31", "2024-02-29", "2024-03-31",
    "2024-08-31", "2024-12-31",
)]  # fmt: skip
ZONES = ("UTC", "Europe/Amsterdam", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe")
# Around the hours at which clocks go forward or back, and around midnight.
MOMENTS = [dt.datetime.fromisoformat(moment).replace(tzinfo=dt.UTC) for moment in (
    "2023-12-31T22:59:59", "2023-12-31T23:00:00", "2024-03-30T23:30:00", "2024-03-31T00:59:59",
    "2024-03-31T01:00:00", "2024-10-27T00:30:00", "2024-10-27T01:30:00", "2024-10-27T22:59:59",
    "2024-10-27T23:00:00", "2024-11-03T05:30:00", "2024-02-29T18:14:59", "2024-02-29T18:15:00",
)]  # fmt: skip


def _plain(moment: dt.datetime) -> str:
    return moment.replace(tzinfo=None).isoformat()


def main() -> None:
    """Print the vectors."""
    months = [
        (str(day), n, str(day + relativedelta(months=n)))
        for day in DAYS
        for n in (-25, -12, -1, 0, 1, 6, 12, 13)
    ]
    days = [(str(day), n, str(day + dt.timedelta(days=n))) for day in DAYS for n in (-366, -1, 0, 1, 294)]
    ages = [
        (str(born), str(on), relativedelta(on, born).years)
        for born in DAYS
        for on in DAYS
        # dateutil lets who is born on 29 February grow older on the 28th; here it is on 1 March.
        if on >= born and not (born.month == 2 and born.day == 29 and on.month == 2 and on.day == 28)
    ]
    of = [(_plain(t), zone, str(t.astimezone(ZoneInfo(zone)).date())) for t in MOMENTS for zone in ZONES]
    elapsed = [(_plain(a), _plain(b), (b - a).total_seconds()) for a in MOMENTS for b in MOMENTS]
    local = []
    for zone in ZONES[1:4]:
        for text in ("2024-03-31T02:30:00", "2024-10-27T02:30:00", "2024-03-10T02:30:00", "2024-11-03T01:30",
                     "2024-06-01 12:00:00.25", "2024-12-31T23:59"):  # fmt: skip
            shown = dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
            utc = shown.astimezone(dt.UTC)
            exists = utc.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == shown.replace(tzinfo=None)
            local.append((text, zone, _plain(utc) if exists else None))
    for text in ("2024-03-31T02:30+01:00", "2024-03-31T02:30:00.123456Z", "2024-01-01T00:00:00-09:30"):
        local.append((text, "Europe/Amsterdam", _plain(dt.datetime.fromisoformat(text).astimezone(dt.UTC))))
    years = [(str(day), str(day + relativedelta(month=1, day=1))) for day in DAYS]
    print(json.dumps({
        "source": "Python's datetime and zoneinfo, and dateutil's relativedelta; see helpers.py",
        "add_months": months, "add_days": days, "age_years": ages, "date_of": of, "elapsed_seconds": elapsed,
        "delivered": local, "start_of_year": years,
    }, indent=0))  # fmt: skip


if __name__ == "__main__":
    main()
