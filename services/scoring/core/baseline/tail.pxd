cimport cython
from cpython cimport array as carray
from libc.math cimport log2

cdef int PER_DOUBLING, NONE, KEYS, MEMORY, FEWEST, _FARTHEST, _COUNT
cdef double _SHARE, _PRIOR, _PRIOR_COUNT, _TRIFLE, _TO_DECADES

cpdef double size(double deviation) noexcept


@cython.final
cdef class Tail:
    cdef carray.array _bins
    cdef readonly int total
    cdef int _foot
    cdef int _above

    @cython.locals(
        bins=carray.array, data="int*", key=int, packed=int, place=Py_ssize_t, count=Py_ssize_t,
    )
    cpdef object add(self, double at_size)

    @cython.locals(
        bins=carray.array, data="int*", need=double, above=int, foot=int, packed=int,
        place=Py_ssize_t,
    )
    cpdef int foot(self) except? -1

    @cython.locals(
        bins=carray.array, data="int*", foot=int, above=int, excess=int, as_large=int,
        packed=int, key=int, count=int, place=Py_ssize_t, mean=double, evidence=double,
        rare=double, most=double,
    )
    cpdef double decades(self, double at_size, int common=*, double steepest=*) except? -1


@cython.final
cdef class Sides:
    cdef readonly Tail up
    cdef readonly Tail down

    cpdef object add(self, double deviation, double at_size)

    @cython.locals(side=Tail, opposite=Tail, tail=Tail, rare=double)
    cpdef double decades(
        self, double deviation, double at_size, int common=*, double steepest=*
    ) except? -1
