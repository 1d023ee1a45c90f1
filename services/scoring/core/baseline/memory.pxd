cimport cython
from services.scoring.core.baseline.tail cimport Sides, Tail, size


@cython.final
cdef class Deviations:
    cdef public double level
    cdef public double jump
    cdef public object season
    cdef public double shift
    cdef public double step
    cdef public long run
    cdef public long away
    cdef public double least


@cython.final
cdef class DeviationMemory:
    cdef Sides _levels
    cdef Sides _jumps
    cdef Sides _seasons
    cdef Sides _shifts
    cdef Sides _aways
    cdef Tail _unrest
    cdef Tail _calm
    cdef Tail _flat

    @cython.locals(
        floor=double, level=double, jump=double, season=double, shift=double, away=double,
        step=double, unrest=double, calm=double, flat=double, total=double, most=double,
    )
    cpdef tuple surprise(self, object spec, Deviations new)

    @cython.locals(floor=double, step=double)
    cpdef object add(self, Deviations new)
