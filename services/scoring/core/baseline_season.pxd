cimport cython
from cpython cimport array as carray

cdef int SLICES, PASSAGES


@cython.final
cdef class Season:
    cdef carray.array _means
    cdef carray.array _passed
    cdef int _slice
    cdef double _mean
    cdef long _count

    @cython.locals(
        here=int, before=int, after=int, passed="unsigned char*", means="double*", one=double, two=double,
        three=double,
    )
    cpdef object expected(self, double season_s, double at)

    @cython.locals(here=int)
    cpdef object learn(self, double season_s, double at, double value, bint odd)

    @cython.locals(passed=int, gain=double)
    cpdef object close(self, bint odd)
