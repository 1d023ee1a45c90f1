cimport cython


@cython.final
cdef class FastRuleSet:
    cdef readonly object rule_set
    cdef readonly bytes metric
    cdef readonly bytes unit
    cdef readonly bytes datum
    cdef readonly double quiet_gap_s
    cdef readonly double trim_s
    cdef readonly double stuck_after_s
    cdef readonly double tolerance
    cdef readonly tuple steady_values
    cdef readonly bint has_windows
    cdef readonly bint has_rates
    cdef readonly bint has_stuck
    cdef readonly bint has_sums
    cdef readonly bint has_baselines
