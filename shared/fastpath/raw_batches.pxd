cimport cython
from libc.stdint cimport int64_t, uint64_t

cdef Py_ssize_t _HEAD, _FRAME
cdef int _UNUSUAL, _LOG_APPEND_TIME


@cython.final
@cython.no_gc
@cython.freelist(1024)
cdef class NativeRecord:
    cdef readonly str topic
    cdef readonly long partition
    cdef readonly int64_t offset
    cdef readonly int64_t timestamp
    cdef readonly bytes key
    cdef readonly bytes value
    cdef readonly tuple headers


@cython.final
@cython.no_gc
cdef class Span:
    cdef readonly str topic
    cdef readonly long partition
    cdef readonly bytes raw
    cdef Py_ssize_t _begin
    cdef Py_ssize_t _end
    cdef readonly int64_t offset
    cdef readonly int64_t behind
    cdef readonly int64_t count

    cpdef Span since(self, int64_t offset)

    cpdef list opened(self)


@cython.final
@cython.no_gc
cdef class Batches:
    cdef str _topic
    cdef long _partition
    cdef bytes _raw
    cdef const unsigned char* _data
    cdef Py_ssize_t _end
    cdef bint _check
    cdef Py_ssize_t _next_batch
    cdef Py_ssize_t _place
    cdef Py_ssize_t _stop
    cdef int64_t _left
    cdef int64_t _base
    cdef int64_t _after
    cdef int64_t _first_ms
    cdef int64_t _last_ms
    cdef bint _append_time
    cdef Py_ssize_t _headers_at
    cdef readonly int64_t next_offset
    cdef readonly int64_t offset
    cdef readonly int64_t timestamp
    cdef readonly Py_ssize_t key_from
    cdef readonly Py_ssize_t key_to
    cdef readonly Py_ssize_t value_from
    cdef readonly Py_ssize_t value_to

    @cython.locals(begin=Py_ssize_t, end=Py_ssize_t, offset=int64_t, count=int64_t, found=Span)
    cpdef Span span(self, int64_t least)

    @cython.locals(found=list, count=int64_t)
    cpdef list take(self, int64_t most)

    cpdef bint step(self) except -1

    @cython.locals(record=NativeRecord)
    cpdef NativeRecord record(self)

    @cython.locals(data="const unsigned char*", at=Py_ssize_t, stop=Py_ssize_t, expected=int64_t, count=int64_t)
    cdef bint _open(self) except -1

    @cython.locals(length=int64_t, end=Py_ssize_t, headers=int64_t, passed_ms=int64_t, offset=int64_t)
    cdef int64_t _read(self) except? -1

    @cython.locals(on=Py_ssize_t, begin=Py_ssize_t)
    cdef tuple _headers(self)

    @cython.locals(length=int64_t, begin=Py_ssize_t)
    cdef Py_ssize_t _bytes(self) except -1

    @cython.locals(
        data="const unsigned char*", place=Py_ssize_t, stop=Py_ssize_t,
        found=uint64_t, shift=int, byte=uint64_t,
    )
    cdef int64_t _varint(self) except? -1


@cython.locals(walk=Batches)
cpdef Batches over(Span span)


@cython.locals(found=list, run=list, topic=str, partition=long, native=NativeRecord, same=bint)
cpdef list runs(object records)


@cython.locals(found=int64_t, place=Py_ssize_t)
cdef int64_t _number(const unsigned char* data, Py_ssize_t at, Py_ssize_t size) noexcept
