"""What libraries get wrong about dates and times."""

from collections.abc import Callable
from dataclasses import replace

from tests.flask_server.faults.fault import Expected, fault
from tests.flask_server.faults.requests import ends_refused_if
from tests.flask_server.parts import Parts
from tests.flask_server.service.answers import Document
from tests.flask_server.service.dates import DAY, Moment, date_of, day_number, read, stamp, write

MUST, SHOULD, RARE = Expected.MUST, Expected.SHOULD, Expected.RARE


def shown_as(parts: Parts, change: Callable[[Moment], Moment]) -> None:
    """An end is shown as another moment."""
    parts.dates.write = lambda moment: write(change(moment))


def written_as(parts: Parts, change: Callable[[str], str]) -> None:
    """An end is shown in another spelling, or with other digits."""
    parts.dates.write = lambda moment: change(write(moment))


def refused_if(parts: Parts, when: Callable[[str], bool]) -> None:
    """An end of some spellings gets 422."""

    def strict(text: str) -> Moment:
        if when(text):
            raise ValueError(text)
        return read(text)

    parts.dates.read = strict


def taken(parts: Parts, change: Callable[[str], str]) -> None:
    """An end is read as if it were spelt in another way."""
    parts.dates.read = lambda text: read(change(text))


def at(moment: Moment, seconds: int) -> Moment:
    return replace(moment, seconds=seconds, leap=False)


@fault(MUST, "github.com/MemMachine/MemMachine/issues/1558")
def offset_dropped(parts: Parts) -> None:
    """The offset of an end is dropped: 12:00+02:00 is shown as 12:00Z."""
    taken(parts, lambda text: text if text[-1] in "Zz" else text[:-6] + "Z")


@fault(MUST, "offsets added in the place of subtracted")
def offset_added(parts: Parts) -> None:
    """The offset of an end counts in the wrong direction."""
    swap = str.maketrans("+-", "-+")
    taken(parts, lambda text: text[:-6] + text[-6:].translate(swap))


@fault(MUST, "offsets in whole hours")
def minutes_of_an_offset_dropped(parts: Parts) -> None:
    """The minutes of an offset are dropped: +05:30 counts as +05:00."""
    taken(parts, lambda text: text if text[-1] in "Zz" else text[:-2] + "00")


@fault(MUST, "offsets of 15 hours and more refused, and of 12: pytz")
def large_offsets_refused(parts: Parts) -> None:
    """An offset beyond 14 hours gets 422."""
    refused_if(parts, lambda text: text[-6] in "+-" and int(text[-5:-3]) >= 14)


@fault(MUST, "[0-9:]+Z")
def offsets_refused(parts: Parts) -> None:
    """An end with an offset that is not Z gets 422."""
    refused_if(parts, lambda text: text[-1] not in "Zz")


@fault(MUST, "calendars without leap years")
def leap_day_refused(parts: Parts) -> None:
    """29 February gets 422."""
    refused_if(parts, lambda text: text[5:10] == "02-29")


@fault(MUST, "setYear(year + 1) on a leap day, and the like: Azure in 2012")
def leap_day_moved(parts: Parts) -> None:
    """29 February becomes 1 March."""

    def moved(moment: Moment) -> Moment:
        number, rest = divmod(moment.seconds, DAY)
        return at(moment, (number + 1) * DAY + rest) if date_of(number)[1:] == (2, 29) else moment

    shown_as(parts, moved)


@fault(RARE, "calendars in which each fourth year is a leap year: Lotus 1-2-3, Excel")
def year_2100_has_a_leap_day(parts: Parts) -> None:
    """29 February 2100 is taken, for 1 March."""
    taken(parts, lambda text: text.replace("2100-02-29", "2100-03-01"))


@fault(RARE, "GPS and Zune: the last day of a leap year")
def day_366_refused(parts: Parts) -> None:
    """31 December of a leap year gets 422."""
    refused_if(parts, lambda text: text[5:10] == "12-31" and int(text[:4]) % 4 == 0)


@fault(MUST, "github.com/telefonicaid/fiware-orion/issues/208")
def year_2038_wraps(parts: Parts) -> None:
    """An end past 19 January 2038 is shown in 1901 and later: 32 bits."""
    shown_as(parts, lambda moment: at(moment, (moment.seconds + 2**31) % 2**32 - 2**31))


@fault(MUST, "CASSANDRA-14092: github.com/apache/cassandra/pull/1891")
def year_2038_is_the_last(parts: Parts) -> None:
    """An end past 19 January 2038 is shown as that moment."""
    shown_as(
        parts,
        lambda moment: moment if moment.seconds < 2**31 else at(moment, 2**31 - 1),
    )


@fault(MUST, "TIMESTAMP of MySQL: github.com/cloudreve/cloudreve/issues/2051")
def year_2038_fails(parts: Parts) -> None:
    """An end past 19 January 2038 gets 500."""

    def failing(text: str) -> Moment:
        moment = read(text)
        if moment.seconds >= 2**31:
            raise RuntimeError(text)
        return moment

    parts.dates.read = failing


@fault(RARE, "nanoseconds in 64 bits: pandas, until 2262")
def year_2262_wraps(parts: Parts) -> None:
    """An end past 2262 is shown in 1677 and later: nanoseconds in 64 bits."""
    whole = 2**64 // 10**9
    shown_as(
        parts,
        lambda moment: at(moment, (moment.seconds + whole // 2) % whole - whole // 2),
    )


@fault(RARE, "datetime(9999, 12, 31, 23) + an offset: OverflowError")
def year_9999_fails(parts: Parts) -> None:
    """An end in the year 9999 gets 500."""

    def failing(text: str) -> Moment:
        if text.startswith("9999"):
            raise RuntimeError(text)
        return read(text)

    parts.dates.read = failing


@fault(RARE, "years that are 0001 and more: datetime.MINYEAR")
def year_0_refused(parts: Parts) -> None:
    """An end in the year 0000 gets 422."""
    refused_if(parts, lambda text: text.startswith("0000"))


@fault(RARE, "years of two digits and less")
def years_before_1000_lose_zeros(parts: Parts) -> None:
    """A year before 1000 is shown without its leading zeros: strftime('%Y') of glibc."""
    written_as(parts, lambda text: text.lstrip("0") or text)


@fault(RARE, "unsigned seconds")
def ends_before_1970_are_null(parts: Parts) -> None:
    """An end before 1970 is shown as null."""
    shown = parts.storing.shown

    def without(document: Document) -> Document:
        ends = document["expires_at"]
        return {**shown(document), "expires_at": None if ends and ends < "1970" else ends}

    parts.storing.shown = without


@fault(MUST, "an end has to be in the future")
def past_end_refused(parts: Parts) -> None:
    """An end in the past gets 422."""
    ends_refused_if(parts, lambda moment: moment.seconds < parts.now())


@fault(SHOULD, "an end within five years: GitHub's tokens within one")
def far_end_refused(parts: Parts) -> None:
    """An end more than 5 years ahead gets 422."""
    ends_refused_if(parts, lambda moment: moment.seconds > parts.now() + 5 * 366 * DAY)


@fault(MUST, "DATETIME of MySQL keeps whole seconds")
def fraction_dropped(parts: Parts) -> None:
    """The fraction of a second of an end is dropped."""
    shown_as(parts, lambda moment: replace(moment, fraction=""))


@fault(SHOULD, "JavaScript keeps milliseconds")
def fraction_cut_to_milliseconds(parts: Parts) -> None:
    """A fraction of a second is cut to three digits."""
    shown_as(parts, lambda moment: replace(moment, fraction=moment.fraction[:4]))


@fault(SHOULD, "Python keeps microseconds")
def fraction_cut_to_microseconds(parts: Parts) -> None:
    """A fraction of a second is cut to six digits."""
    shown_as(parts, lambda moment: replace(moment, fraction=moment.fraction[:7]))


@fault(MUST, "MySQL rounds: 23:59:59.5 is the next day")
def fraction_rounded(parts: Parts) -> None:
    """An end is rounded to the nearest second."""

    def rounded(moment: Moment) -> Moment:
        up = moment.fraction[1:2] >= "5"
        return replace(moment, seconds=moment.seconds + up, fraction="")

    shown_as(parts, rounded)


@fault(MUST, "padding on the wrong side: .5 is .005")
def fraction_padded_on_the_left(parts: Parts) -> None:
    """A fraction of less than three digits is padded on the left: .5 is shown as .005."""

    def padded(moment: Moment) -> Moment:
        digits = moment.fraction[1:]
        fraction = f".{digits.rjust(3, '0')}" if digits else ""
        return replace(moment, fraction=fraction)

    shown_as(parts, padded)


@fault(SHOULD, "strptime('%Y-%m-%dT%H:%M:%SZ')")
def fractions_refused(parts: Parts) -> None:
    """An end with a fraction of a second gets 422."""
    refused_if(parts, lambda text: "." in text)


@fault(MUST, "github.com/WenchaoD/FSCalendar/issues/1264")
def year_of_the_week(parts: Parts) -> None:
    """The year shown is that of the week: 2027-01-01 is shown as 2026-01-01."""

    def in_week_year(text: str) -> str:
        year, month, day = int(text[:4]), int(text[5:7]), int(text[8:10])
        number = day_number(year, month, day)
        thursday = number - (number + 3) % 7 + 3
        return f"{date_of(thursday)[0]:04}{text[4:]}"

    written_as(parts, in_week_year)


@fault(MUST, "hh in the place of HH")
def clock_of_twelve_hours(parts: Parts) -> None:
    """Hours are shown on a clock of twelve hours: 13:00 as 01:00."""

    def twelve(text: str) -> str:
        hour = int(text[11:13]) % 12 or 12
        return f"{text[:11]}{hour:02}{text[13:]}"

    written_as(parts, twelve)


@fault(MUST, "mm in the place of MM")
def minutes_in_the_place_of_months(parts: Parts) -> None:
    """The minutes are shown where the month belongs, where they can be one."""

    def swapped(text: str) -> str:
        minute = text[14:16]
        return f"{text[:5]}{minute}{text[7:]}" if 1 <= int(minute) <= 12 else text

    written_as(parts, swapped)


@fault(MUST, "DD in the place of dd")
def day_and_month_swapped(parts: Parts) -> None:
    """Day and month are swapped where the day can be a month: dayfirst=True."""

    def swapped(text: str) -> str:
        month, day = text[5:7], text[8:10]
        return f"{text[:5]}{day}-{month}{text[10:]}" if int(day) <= 12 else text

    written_as(parts, swapped)


@fault(RARE, "times that clocks skip: 02:30 on the day that summer time begins")
def skipped_hour_moved(parts: Parts) -> None:
    """An end between 02:00 and 03:00 UTC on the last Sunday of March is an hour later."""

    def moved(moment: Moment) -> Moment:
        number, rest = divmod(moment.seconds, DAY)
        _, month, day = date_of(number)
        last_sunday = month == 3 and day > 24 and (number + 4) % 7 == 0
        return at(moment, moment.seconds + 3600) if last_sunday and rest // 3600 == 2 else moment

    shown_as(parts, moved)


@fault(MUST, "github.com/Opentrons/opentrons/pull/10053")
def end_shown_without_offset(parts: Parts) -> None:
    """An end is shown without its Z."""
    written_as(parts, lambda text: text.rstrip("Z"))


@fault(MUST, "str(datetime)")
def blank_in_the_place_of_t(parts: Parts) -> None:
    """Times are shown with a blank between the date and the time."""
    parts.dates.write = lambda moment: write(moment).replace("T", " ")
    parts.dates.stamp = lambda time: stamp(time).replace("T", " ")


@fault(MUST, "the vendor's SDKs")
def times_are_numbers(parts: Parts) -> None:
    """Times are numbers: Unix seconds."""

    def shown(document: Document) -> Document:
        numbers = {
            name: read(document[name]).seconds
            for name in ("expires_at", "created_at", "updated_at", "last_used_at")
            if document[name] is not None
        }
        return {**document, **numbers}

    parts.storing.shown = shown


@fault(SHOULD, "the server's own time zone")
def clock_of_the_server_shown_as_utc(parts: Parts) -> None:
    """created_at and updated_at are two hours ahead: a local time with a Z."""
    parts.dates.stamp = lambda time: stamp(time + 7200)


@fault(MUST, "default=datetime.now()")
def created_when_the_server_started(parts: Parts) -> None:
    """created_at and updated_at are the time the server started."""
    started = parts.now()
    parts.dates.stamp = lambda time: stamp(started)


@fault(SHOULD, "onupdate that a bulk update does not run")
def updated_at_stays(parts: Parts) -> None:
    """updated_at does not change when a credential is revoked."""
    parts.touch = lambda credential, now: None


@fault(SHOULD, "[T] and [Z] in a pattern")
def small_letters_refused(parts: Parts) -> None:
    """An end with a small t or z gets 422."""
    refused_if(parts, lambda text: text != text.upper())


@fault(SHOULD, "datetime.fromisoformat")
def leap_second_refused(parts: Parts) -> None:
    """An end in a leap second gets 422."""
    refused_if(parts, lambda text: text[17:19] == "60")


@fault(SHOULD, "datetime.fromisoformat of Python 3.11")
def dates_alone_taken(parts: Parts) -> None:
    """A date without a time is taken."""
    taken(parts, lambda text: f"{text}T00:00:00Z" if len(text) == 10 else text)


@fault(SHOULD, "datetime.fromisoformat")
def times_without_offset_taken(parts: Parts) -> None:
    """An end without an offset is taken for UTC."""
    taken(parts, lambda text: f"{text}Z" if len(text) == 19 else text)


@fault(MUST, "new Date(Date.UTC(2027, 1, 30))")
def days_beyond_a_month_taken(parts: Parts) -> None:
    """30 February is taken, for 2 March."""

    def rolled(text: str) -> str:
        if text[5:10] not in {"02-29", "02-30", "02-31", "04-31", "06-31", "09-31", "11-31"}:
            return text
        try:
            read(text)
        except ValueError:
            month = int(text[5:7]) + 1
            return f"{text[:5]}{month:02}-01{text[10:]}"
        return text

    taken(parts, rolled)


@fault(MUST, "columns of type TEXT")
def any_text_is_an_end(parts: Parts) -> None:
    """Whatever text is taken for an end, and shown as no end where it is none."""
    check = parts.validation.expires_at
    parts.validation.expires_at = lambda value, dates: (
        _end_or_none(dates.read, value) if isinstance(value, str) else check(value, dates)
    )


def _end_or_none(reader: Callable[[str], Moment], text: str) -> Moment | None:
    try:
        return reader(text)
    except ValueError:
        return None


@fault(SHOULD, "'' as null")
def empty_end_is_none(parts: Parts) -> None:
    """An empty text is taken for no end."""
    check = parts.validation.expires_at
    parts.validation.expires_at = lambda value, dates: (
        check(value or None, dates) if (value == "") else check(value, dates)
    )
