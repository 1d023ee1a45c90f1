cimport cython


@cython.final
cdef class Gist:
    cdef readonly object plan
    cdef readonly bytes metric
    cdef readonly bytes unit
    cdef readonly bytes datum
    cdef readonly double quiet_gap_s
    cdef readonly double trim_s
    cdef readonly double stuck_after_s
    cdef readonly double tolerance
    cdef readonly tuple calm
    cdef readonly bint windows
    cdef readonly bint rates
    cdef readonly bint stuck
    cdef readonly bint sums
    cdef readonly bint baselines
