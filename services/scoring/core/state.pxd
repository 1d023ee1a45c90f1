cimport cython
from cpython cimport array as carray
from libc.stdint cimport int64_t, uint64_t
from services.scoring.core.gist cimport Gist


@cython.final
@cython.no_gc
cdef class SensorState:
    cdef public object sensor
    cdef public Gist gist
    cdef public str status
    cdef public int64_t applied
    cdef public double newest
    cdef public double value
    cdef public bint synthetic
    cdef public bint dirty
    cdef readonly bint actual
    cdef public bytes last
    cdef public uint64_t mark_1
    cdef public uint64_t mark_2
    cdef public uint64_t mark_3
    cdef public uint64_t mark_4
    cdef public carray.array held
    cdef public dict buckets
    cdef public dict alarms
    cdef public dict baselines
    cdef public object rare
    cdef public double same_since
    cdef public double low
    cdef public double high
    cdef public double rate_low
    cdef public double rate_high
    cdef public double after
    cdef public double room
    cdef public double due

    cpdef bint has_taken(self, uint64_t mark) noexcept

    cpdef object remember(self, uint64_t mark, bytes last)
