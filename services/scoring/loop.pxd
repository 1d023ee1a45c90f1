cimport cython
from libc.stdint cimport int64_t
from services.scoring.core.engine cimport glide
from services.scoring.core.gist cimport Gist
from services.scoring.core.scan cimport Scan, digits, same
from services.scoring.core.state cimport SensorState
from shared.fastpath.raw_batches cimport RawBatches, reader_of
from shared.runtime.fetching.batch_reader cimport BatchReader

@cython.locals(
    walk=BatchReader, scan=Scan, raw=bytes, data="const unsigned char*", states=dict, dirty=list, state=SensorState, future_s=double, done=int, nothing=int,
    all_of_it=int, scored=Py_ssize_t,
)
cdef object _walk(object partition, RawBatches span, object now, object refused, object outcomes)

@cython.locals(gist=Gist, size=Py_ssize_t)
cdef bint fits(Scan scan, bytes raw, Py_ssize_t key_from, Py_ssize_t key_to, SensorState state) except -1

cdef bint is_part(const unsigned char* raw, Py_ssize_t begin, Py_ssize_t end, bytes part) except -1

@cython.locals(offset=Py_ssize_t)
cdef bint alike(const unsigned char* raw, Py_ssize_t one, Py_ssize_t other, Py_ssize_t size) noexcept

@cython.locals(state=SensorState, done=int)
cpdef object _apply(object partition, object record, object now, object refused, object outcomes)
