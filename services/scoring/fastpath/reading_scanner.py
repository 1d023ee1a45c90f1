# cython: cdivision=True
"""The byte scanner: read a reading of the plainest form byte by byte, without making an object.

It is written for the compiler (reading_scanner.pxd). As plain Python it gives the same results and
takes longer than fastpath/wire_reading.py, so plain Python only tests it. It accepts less than the
msgspec reader: no blanks, no escapes, times in UTC of the years 2001 to 2199, numbers of at most 15
digits without exponent. Anything else is no fault: it is left to wire_reading.py and the contract
(tests/unit/scoring/test_wire_reading.py compares all three).
"""

from __future__ import annotations

import cython

_LONGEST_ID = 96
_QUOTE, _BACKSLASH, _COMMA, _COLON, _END = 34, 92, 44, 58, 125
_MOST_DIGITS = 15
"""A number of this many decimal digits is exact in a float, and so is the power of ten under it."""
_ALL_NEEDED = 0x3FF
"""The ten fields without a default, as bits."""
_SHORTEST_INSTANT = len('"2026-01-01T00:00:00Z"')
_LETTER, _MARK = 1, 2
_ID_BYTES = bytes(
    _MARK if byte in b"._:-" else _LETTER if chr(byte).isalnum() and byte < 128 else 0
    for byte in range(256)
)
"""By byte: letters and marks of an identifier; a mark may be anywhere but first."""
_TEXT_BYTES = bytes(byte >= 32 and byte not in (_QUOTE, _BACKSLASH) for byte in range(256))
"""By byte: 1 where a text continues without an escape."""


class ReadingScanner:
    """The reading that was scanned last: `at` is in seconds since 1970.

    Texts are places in the bytes, from and to; `datum_from` is 0 when there is no datum.
    """

    __slots__ = (
        "_data",
        "_date",
        "_days",
        "_end",
        "_id_bytes",
        "_place",
        "_text_bytes",
        "at",
        "datum_from",
        "datum_to",
        "id_from",
        "id_to",
        "metric_from",
        "metric_to",
        "origin_from",
        "origin_to",
        "sensor_from",
        "sensor_to",
        "synthetic",
        "unit_from",
        "unit_to",
        "value",
    )

    def __init__(self) -> None:
        if not cython.compiled:
            self._data = b""
        self._id_bytes, self._text_bytes = _ID_BYTES, _TEXT_BYTES
        self._place = self._end = 0
        self._date = -1  # no date yet: 0000-00-00 would be 0
        self._days = 0
        self.at = self.value = 0.0
        self.synthetic = False
        self.id_from = self.id_to = self.sensor_from = self.sensor_to = 0
        self.metric_from = self.metric_to = self.unit_from = self.unit_to = 0
        self.datum_from = self.datum_to = self.origin_from = self.origin_to = 0

    def read(self, raw: bytes, begin: int, end: int) -> bool:
        """Return whether the bytes from `begin` to before `end` are a reading of the plainest form.

        The sensor, its facts and the unit of origin are not checked. The scanner may read beyond
        `end`, to the end of `raw`; then there is no such reading.
        """
        if cython.compiled:
            self._data = raw
        else:
            self._data = raw + b"\0"  # as in C: the zero ends every search
        data = self._data
        self._end = end
        self.synthetic = False
        self.datum_from = self.datum_to = 0
        if data[begin] != 123:  # {
            return False
        place, fields = begin + 1, 0
        while True:
            if data[place] != _QUOTE:
                return False
            name = place + 1
            place = name
            while 97 <= data[place] <= 122 or data[place] == 95:
                place += 1
            if data[place] != _QUOTE or data[place + 1] != _COLON:
                return False
            self._place = place + 2
            bit = self._field(name, place - name)
            if bit == 0 or fields & bit:
                return False
            fields |= bit
            place = self._place
            if data[place] == _COMMA:
                place += 1
                continue
            break
        return data[place] == _END and place + 1 == end and fields & _ALL_NEEDED == _ALL_NEEDED

    def _field(self, name: int, size: int) -> int:
        """Read the value of a field; return the bit of the field, 0 when the value is not plain."""
        data, begin = self._data, self._place
        first = data[name]
        if size == 2 and first == 105 and data[name + 1] == 100:  # id
            self.id_from, self.id_to = begin + 1, self._identifier()
            return 0x001 if self.id_to else 0
        if size == 5 and equals(data, name, b"value", 5):
            return 0x002 if self._number() else 0
        if size == 4 and equals(data, name, b"type", 4):
            return 0x004 if self._pass_literal(b'"reading"', 9) else 0
        if size == 4 and equals(data, name, b"tier", 4):
            return 0x008 if self._tier() else 0
        if size == 4 and equals(data, name, b"unit", 4):
            self.unit_from, self.unit_to = begin + 1, self._text()
            return 0x010 if self.unit_to else 0
        if size == 6 and equals(data, name, b"metric", 6):
            self.metric_from, self.metric_to = begin + 1, self._text()
            return 0x020 if self.metric_to else 0
        if size == 7 and equals(data, name, b"sent_at", 7):
            return 0x040 if self._instant() > 0 else 0
        if size == 9 and equals(data, name, b"sensor_id", 9):
            self.sensor_from, self.sensor_to = begin + 1, self._text()
            return 0x080 if self.sensor_to else 0
        if size == 11 and equals(data, name, b"occurred_at", 11):
            self.at = self._instant()
            return 0x100 if self.at > 0 else 0
        if size == 11 and equals(data, name, b"origin_unit", 11):
            self.origin_from, self.origin_to = begin + 1, self._text()
            return 0x200 if self.origin_to else 0
        if size == 5 and equals(data, name, b"datum", 5):
            self.datum_from, self.datum_to = begin + 1, self._text()
            return 0x400 if self.datum_to else 0
        if size == 9 and equals(data, name, b"synthetic", 9):
            self.synthetic = data[begin] == 116  # t
            return 0x800 if self._pass_literal(b"true", 4) or self._pass_literal(b"false", 5) else 0
        if size == 6 and equals(data, name, b"status", 6):
            return 0x1000 if self._pass_literal(b'"Actual"', 8) else 0
        return 0

    def _pass_literal(self, literal: bytes, size: int) -> bool:
        """Return whether the value begins with this literal; if so, move past the literal."""
        if not equals(self._data, self._place, literal, size):
            return False
        self._place += size
        return True

    def _tier(self) -> bool:
        return (
            self._pass_literal(b'"town"', 6)
            or self._pass_literal(b'"village"', 9)
            or self._pass_literal(b'"district"', 10)
            or self._pass_literal(b'"grid"', 6)
            or self._pass_literal(b'"microgrid"', 11)
            or self._pass_literal(b'"city"', 6)
        )

    def _text(self) -> int:
        """Return the end of a text without escapes; 0 for an empty text and for no text."""
        data, place, is_text = self._data, self._place, self._text_bytes
        if data[place] != _QUOTE:
            return 0
        place += 1
        begin = place
        while is_text[data[place]]:
            place += 1
        self._place = place + 1
        return place if data[place] == _QUOTE and place > begin else 0

    def _identifier(self) -> int:
        """Return the end of an identifier (shared.contracts.fields.Identifier); 0 for none."""
        data, place, id_bytes = self._data, self._place, self._id_bytes
        if data[place] != _QUOTE or id_bytes[data[place + 1]] != _LETTER:
            return 0
        place += 2
        begin = place - 1
        while id_bytes[data[place]]:
            place += 1
        self._place = place + 1
        return place if data[place] == _QUOTE and place - begin <= _LONGEST_ID else 0

    def _number(self) -> bool:
        """Read a number that a division of two exact floats gives correctly rounded."""
        data, place = self._data, self._place
        negative = data[place] == 45
        if negative:
            place += 1
        number, integer_digits, decimals = 0, 0, 0
        begin = place
        while 48 <= data[place] <= 57:
            number = number * 10 + (data[place] - 48)
            place += 1
            if place - begin > _MOST_DIGITS:
                return False
        integer_digits = place - begin
        if integer_digits == 0 or (integer_digits > 1 and data[begin] == 48):
            return False
        if data[place] == 46:
            place += 1
            begin = place
            while 48 <= data[place] <= 57:
                number = number * 10 + (data[place] - 48)
                place += 1
                decimals = place - begin
                if integer_digits + decimals > _MOST_DIGITS:
                    return False
            if decimals == 0:
                return False
        if negative and number == 0:
            return False
        self.value = number / power_of_ten(decimals)
        if negative:
            self.value = -self.value
        self._place = place
        return True

    def _instant(self) -> float:
        """Return a moment in UTC in seconds since 1970; 0 outside of the years 2001 to 2199."""
        data, place = self._data, self._place
        if (
            self._end - place < _SHORTEST_INSTANT
            or data[place] != _QUOTE
            or data[place + 5] != 45
            or data[place + 8] != 45
            or data[place + 11] != 84  # T
            or data[place + 14] != _COLON
            or data[place + 17] != _COLON
        ):
            return 0.0
        century, year = two_digits(data, place + 1), two_digits(data, place + 3)
        month, day = two_digits(data, place + 6), two_digits(data, place + 9)
        hour, minute, second = (
            two_digits(data, place + 12),
            two_digits(data, place + 15),
            two_digits(data, place + 18),
        )
        if (century | year | month | day | hour | minute | second) < 0:
            return 0.0
        if hour > 23 or minute > 59 or second > 59:
            return 0.0
        date = ((century * 100 + year) * 100 + month) * 100 + day
        if date != self._date:
            year += century * 100
            if year < 2001 or year > 2199 or month < 1 or month > 12 or day < 1:
                return 0.0
            if day > days_of_month(year, month):
                return 0.0
            self._days = days_before(year, month, day)
            self._date = date
        place += 20
        micros, width = 0, 0
        if data[place] == 46:
            place += 1
            while 48 <= data[place] <= 57:
                micros = micros * 10 + (data[place] - 48)
                place += 1
                width += 1
                if width > 6:
                    return 0.0
            if width == 0:
                return 0.0
            while width < 6:
                micros *= 10
                width += 1
        if data[place] != 90 or data[place + 1] != _QUOTE:  # Z
            return 0.0
        self._place = place + 2
        seconds = (self._days * 24 + hour) * 3600 + minute * 60 + second
        return (seconds * 1_000_000 + micros) / 1e6


def equals(data: bytes, place: int, literal: bytes, size: int) -> bool:
    """Return whether `literal` lies at `place`."""
    for offset in range(size):  # noqa: SIM110 - for C
        if data[place + offset] != literal[offset]:
            return False
    return True


def are_digits(data: bytes, place: int, count: int) -> bool:
    """Return whether `count` digits lie at `place`."""
    for offset in range(count):
        if data[place + offset] < 48 or data[place + offset] > 57:
            return False
    return True


def two_digits(data: bytes, place: int) -> int:
    """Return two digits as a number; a negative number when there are no two digits."""
    tens, units = data[place] - 48, data[place + 1] - 48
    return tens * 10 + units if 0 <= tens <= 9 and 0 <= units <= 9 else -1


def days_of_month(year: int, month: int) -> int:
    """Return the days in a month of the Gregorian calendar."""
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def days_before(year: int, month: int, day: int) -> int:
    """Return the days from 1970-01-01 to a later date (H. Hinnant's days_from_civil)."""
    year -= month <= 2
    era = year // 400
    year_of_era = year - era * 400
    day_of_year = (153 * (month - 3 if month > 2 else month + 9) + 2) // 5 + day - 1
    return (
        era * 146_097
        + year_of_era * 365
        + year_of_era // 4
        - year_of_era // 100
        + day_of_year
        - 719_468
    )


def power_of_ten(count: int) -> float:
    """Return 1, 10, 100 ...; exact for the exponents that occur here."""
    power = 1.0
    for _ in range(count):
        power *= 10.0
    return power
