cimport cython
from cpython cimport array as carray
from libc.stdint cimport int64_t, uint64_t
from services.scoring.core.rules.fast_rule_set cimport FastRuleSet


@cython.final
@cython.no_gc
cdef class ScoringState:
    cdef public object sensor
    cdef public FastRuleSet fast_rules
    cdef public str status
    cdef public int64_t applied
    cdef public double newest
    cdef public double value
    cdef public bint synthetic
    cdef public bint dirty
    cdef readonly bint actual
    cdef public bytes last
    cdef public uint64_t hash_1
    cdef public uint64_t hash_2
    cdef public uint64_t hash_3
    cdef public uint64_t hash_4
    cdef public carray.array readings
    cdef public dict buckets
    cdef public dict alarms
    cdef public dict baselines
    cdef public object rare
    cdef public double same_since
    cdef public double low
    cdef public double high
    cdef public double rate_low
    cdef public double rate_high
    cdef public double windows_stable_from
    cdef public double sum_margin
    cdef public double deadline

    cpdef bint has_id(self, uint64_t id_hash) noexcept

    cpdef object add_id(self, uint64_t id_hash, bytes last)
