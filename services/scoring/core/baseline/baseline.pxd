cimport cython
from libc.stdint cimport int64_t
from services.scoring.core.baseline.memory cimport Deviations, DeviationMemory
from services.scoring.core.baseline.season cimport Season

cdef double LARGEST, _SIGMA, _FAR, _GROWTH, _FADE, _TRIFLE, _RESOLUTION
cdef int _SETTLING


@cython.final
cdef class Baseline:
    cdef readonly int64_t readings
    cdef readonly bint odd
    cdef double _first_at
    cdef double _at
    cdef double _learnt_at
    cdef double _pace
    cdef double _value
    cdef double _near
    cdef double _level
    cdef double _span
    cdef double _stray
    cdef double _miss
    cdef double _shift
    cdef double _step
    cdef double _off_season
    cdef long _run
    cdef long _away
    cdef long _settled
    cdef list _first
    cdef Season _season
    cdef DeviationMemory _memory
    cdef public object episode

    @cython.locals(new=Deviations)
    cpdef object step(self, object spec, double at, double value)

    @cython.locals(gap=double)
    cdef object _pass_time(self, double at, double value)

    @cython.locals(
        deviation=double, least=double, scale=double, moved=double, far=double, low=double,
        high=double, off=double, jump=double, new=Deviations,
    )
    cdef Deviations _deviations(self, object spec, double value, object usual)

    @cython.locals(expected=double, spread=double)
    cdef object _judge(self, object spec, double value, Deviations new, object usual)

    @cython.locals(
        gain=double, scale=double, reach=double, wide=double, miss=double, far=double, near=double,
        memory=long,
    )
    cdef object _learn(self, object spec, double at, double value, Deviations new)

    @cython.locals(ordered=list, strays=list)
    cdef object _settle(self, double value)


cdef double _within(double deviation, double most) noexcept

cdef double _sigmas(double apart, double spread) except? -1
