cimport cython
from cpython cimport array as carray
from services.scoring.core.state.sensor_state cimport ScoringState

cdef Py_ssize_t _TWICE_MOST

@cython.locals(count=Py_ssize_t)
cpdef bint push(carray.array readings, double at, double value, double trim_s) except -1

cpdef object trim(ScoringState state)
