cimport cython
from libc.stdint cimport int64_t

cdef int _QUOTE, _BACKSLASH, _COMMA, _COLON, _END, _MOST_DIGITS, _ALL_NEEDED, _LONGEST_ID
cdef int _SHORTEST_INSTANT, _LETTER, _MARK
cdef bytes _ID_BYTES, _TEXT_BYTES


@cython.final
cdef class ReadingScanner:
    cdef const unsigned char* _data
    cdef const unsigned char* _id_bytes
    cdef const unsigned char* _text_bytes
    cdef Py_ssize_t _place
    cdef Py_ssize_t _end
    cdef int _date
    cdef int64_t _days
    cdef readonly double at
    cdef readonly double value
    cdef readonly bint synthetic
    cdef readonly Py_ssize_t id_from
    cdef readonly Py_ssize_t id_to
    cdef readonly Py_ssize_t sensor_from
    cdef readonly Py_ssize_t sensor_to
    cdef readonly Py_ssize_t metric_from
    cdef readonly Py_ssize_t metric_to
    cdef readonly Py_ssize_t unit_from
    cdef readonly Py_ssize_t unit_to
    cdef readonly Py_ssize_t datum_from
    cdef readonly Py_ssize_t datum_to
    cdef readonly Py_ssize_t origin_from
    cdef readonly Py_ssize_t origin_to

    @cython.locals(
        data="const unsigned char*", place=Py_ssize_t, name=Py_ssize_t, fields=int, bit=int,
    )
    cpdef bint read(self, bytes raw, Py_ssize_t begin, Py_ssize_t end) except -1

    @cython.locals(data="const unsigned char*", begin=Py_ssize_t, first=int)
    cdef int _field(self, Py_ssize_t name, Py_ssize_t size) noexcept

    cdef bint _pass_literal(self, const unsigned char* literal, Py_ssize_t size) noexcept

    cdef bint _tier(self) noexcept

    @cython.locals(
        data="const unsigned char*", is_text="const unsigned char*", place=Py_ssize_t,
        begin=Py_ssize_t,
    )
    cdef Py_ssize_t _text(self) noexcept

    @cython.locals(
        data="const unsigned char*", id_bytes="const unsigned char*", place=Py_ssize_t,
        begin=Py_ssize_t,
    )
    cdef Py_ssize_t _identifier(self) noexcept

    @cython.locals(
        data="const unsigned char*", place=Py_ssize_t, begin=Py_ssize_t, negative=bint,
        number=int64_t, integer_digits=Py_ssize_t, decimals=Py_ssize_t,
    )
    cdef bint _number(self) noexcept

    @cython.locals(
        data="const unsigned char*", place=Py_ssize_t, century=int, year=int, month=int,
        day=int, hour=int, minute=int, second=int, date=int, micros=int64_t, width=int,
        seconds=int64_t,
    )
    cdef double _instant(self) noexcept


@cython.locals(offset=Py_ssize_t)
cpdef bint equals(
    const unsigned char* data, Py_ssize_t place, const unsigned char* literal, Py_ssize_t size
) noexcept

@cython.locals(offset=Py_ssize_t)
cpdef bint are_digits(const unsigned char* data, Py_ssize_t place, Py_ssize_t count) noexcept

@cython.locals(tens=int, units=int)
cdef int two_digits(const unsigned char* data, Py_ssize_t place) noexcept

cdef int days_of_month(int year, int month) noexcept

@cython.locals(era=int64_t, year_of_era=int64_t, day_of_year=int64_t)
cdef int64_t days_before(int year, int month, int day) noexcept

cdef double power_of_ten(Py_ssize_t count) noexcept
