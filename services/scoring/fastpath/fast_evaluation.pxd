cimport cython
from libc.stdint cimport uint64_t
from services.scoring.core.readings.history cimport push, trim
from services.scoring.core.rules.fast_rule_set cimport FastRuleSet
from services.scoring.core.state.id_hash cimport id_hash
from services.scoring.core.state.sensor_state cimport ScoringState


@cython.locals(
    gap=double, rules=FastRuleSet, data="const unsigned char*", event_hash=uint64_t, inside=bint,
)
cpdef int try_fast_path(
    ScoringState state, double at, double value, bytes raw, Py_ssize_t begin, Py_ssize_t end
) except -1
