cimport cython
from libc.stdint cimport int64_t, uint64_t

cdef Py_ssize_t _HEAD, _FRAME
cdef int _NOT_NORMAL, _LOG_APPEND_TIME


@cython.final
@cython.no_gc
@cython.freelist(1024)
cdef class FastRecord:
    cdef readonly str topic
    cdef readonly long partition
    cdef readonly int64_t offset
    cdef readonly int64_t timestamp
    cdef readonly bytes key
    cdef readonly bytes value
    cdef readonly tuple headers


@cython.final
@cython.no_gc
cdef class BatchReader:
    cdef readonly str topic
    cdef readonly long partition
    cdef readonly bytes raw
    cdef const unsigned char* _data
    cdef Py_ssize_t _end
    cdef bint _check
    cdef Py_ssize_t _next_batch
    cdef Py_ssize_t _position
    cdef Py_ssize_t _batch_end
    cdef int64_t _records_left
    cdef int64_t _base
    cdef int64_t _offset_after
    cdef int64_t _first_ms
    cdef int64_t _last_ms
    cdef bint _append_time
    cdef Py_ssize_t _headers_at
    cdef public int64_t next_offset
    cdef readonly int64_t offset
    cdef readonly int64_t timestamp
    cdef readonly Py_ssize_t key_from
    cdef readonly Py_ssize_t key_to
    cdef readonly Py_ssize_t value_from
    cdef readonly Py_ssize_t value_to

    @cython.locals(begin=Py_ssize_t, count=int64_t)
    cpdef tuple skip(self, int64_t minimum)

    @cython.locals(records=list, count=int64_t)
    cpdef list read(self, int64_t limit)

    cpdef bint step(self) except -1

    @cython.locals(record=FastRecord)
    cpdef FastRecord record(self)

    @cython.locals(
        data="const unsigned char*", position=Py_ssize_t, end=Py_ssize_t, expected=int64_t,
        count=int64_t,
    )
    cdef bint _open(self) except -1

    @cython.locals(
        length=int64_t, end=Py_ssize_t, headers=int64_t, delta_ms=int64_t, offset=int64_t,
    )
    cdef int64_t _read_record(self) except? -1

    @cython.locals(position=Py_ssize_t, begin=Py_ssize_t)
    cdef tuple _headers(self)

    @cython.locals(length=int64_t, begin=Py_ssize_t)
    cdef Py_ssize_t _bytes(self) except -1

    @cython.locals(
        data="const unsigned char*", position=Py_ssize_t, end=Py_ssize_t,
        number=uint64_t, shift=int, byte=uint64_t,
    )
    cdef int64_t _varint(self) except? -1


@cython.locals(number=int64_t, position=Py_ssize_t)
cdef int64_t _number(const unsigned char* data, Py_ssize_t begin, Py_ssize_t size) noexcept
