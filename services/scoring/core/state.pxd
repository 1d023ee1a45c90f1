from cpython cimport array as carray
from libc.stdint cimport int64_t


cdef class SensorState:
    cdef public object sensor
    cdef public object plan
    cdef public str status
    cdef public int64_t applied
    cdef public double newest
    cdef public double value
    cdef public bint synthetic
    cdef public str ids
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
    cdef public bint dirty
