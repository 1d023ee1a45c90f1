cimport cython
from services.scoring.core.baseline cimport Baseline
from services.scoring.core.gist cimport Gist
from services.scoring.core.history cimport age, push
from services.scoring.core.state cimport SensorState


@cython.locals(gap=double, gist=Gist, ids=str, quiet=bint)
cpdef int glide(SensorState state, double at, double value, str event_id) except -1

@cython.locals(model=Baseline, changed=bint)
cdef bint _learn(SensorState state, object seen, object now, list out) except -1
