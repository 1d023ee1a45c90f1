cimport cython
from services.scoring.core.baseline.baseline cimport Baseline
from services.scoring.core.state.id_hash cimport id_hash
from services.scoring.core.state.sensor_state cimport ScoringState


@cython.locals(model=Baseline, changed=bint)
cdef bint _update_baselines(ScoringState state, object cause, object emitter) except -1
