cimport cython
from libc.stdint cimport uint64_t
from services.scoring.core.baseline cimport Baseline
from services.scoring.core.gist cimport Gist
from services.scoring.core.history cimport age, push
from services.scoring.core.marks cimport mark_of
from services.scoring.core.state cimport SensorState


@cython.locals(gap=double, gist=Gist, data="const unsigned char*", mark=uint64_t, quiet=bint)
cpdef int glide(SensorState state, double at, double value, bytes raw, Py_ssize_t begin, Py_ssize_t end) except -1

@cython.locals(model=Baseline, changed=bint)
cdef bint _learn(SensorState state, object seen, object now, list out) except -1
