cimport cython
from libc.stdint cimport int64_t
from services.scoring.core.rules.fast_rule_set cimport FastRuleSet
from services.scoring.core.state.sensor_state cimport ScoringState
from services.scoring.fastpath.fast_evaluation cimport try_fast_path
from services.scoring.fastpath.reading_scanner cimport ReadingScanner, are_digits, equals
from shared.fastpath.raw_batches cimport RawBatches, reader_of
from shared.runtime.fetching.batch_reader cimport BatchReader

@cython.locals(
    batches=BatchReader, scanner=ReadingScanner, raw=bytes, data="const unsigned char*", states=dict,
    dirty=list, state=ScoringState, future_s=double, result=int, not_applied=int, applied=int,
    scored=Py_ssize_t,
)
cdef object _process_batches(
    object engine, RawBatches span, object now, object refused, object outcomes
)

@cython.locals(rules=FastRuleSet, size=Py_ssize_t)
cdef bint is_as_catalogued(
    ReadingScanner scanner, bytes raw, Py_ssize_t key_from, Py_ssize_t key_to, ScoringState state
) except -1

cdef bint equals_part(
    const unsigned char* raw, Py_ssize_t begin, Py_ssize_t end, bytes part
) except -1

@cython.locals(offset=Py_ssize_t)
cdef bint equal_bytes(
    const unsigned char* raw, Py_ssize_t first, Py_ssize_t second, Py_ssize_t size
) noexcept

@cython.locals(state=ScoringState)
cpdef object _process_record(
    object engine, object record, object now, object refused, object outcomes
)

@cython.locals(result=int)
cpdef object _apply_plain(object engine, ScoringState state, object reading, double at, object now)
