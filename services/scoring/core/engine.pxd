cimport cython
from services.scoring.core.gist cimport Gist
from services.scoring.core.history cimport age, push
from services.scoring.core.state cimport SensorState


@cython.locals(gap=double, gist=Gist, ids=str, quiet=bint)
cpdef int glide(SensorState state, double at, double value, str event_id) except -1
