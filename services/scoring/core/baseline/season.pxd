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
        place=int, previous=int, following=int, passed="unsigned char*", means="double*",
        first=double, middle=double, last=double,
    )
    cpdef object expected(self, double season_s, double at)

    @cython.locals(place=int)
    cpdef object learn(self, double season_s, double at, double value, bint odd)

    @cython.locals(place=int, passed=int, gain=double)
    cpdef object close(self, bint odd)
