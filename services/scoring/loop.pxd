cimport cython
from libc.stdint cimport int64_t
from services.scoring.core.engine cimport glide
from services.scoring.core.gist cimport Gist
from services.scoring.core.scan cimport Scan, digits, same
from services.scoring.core.state cimport SensorState
from shared.runtime.unpack cimport NativeRecord

@cython.locals(
    states=dict, value=bytes, key=bytes, scan=Scan, state=SensorState, plain=bint, at=double, number=double,
    synthetic=bint, event_id=str, unit_size=Py_ssize_t, offset=int64_t, stamped_ms=double, done=int, nothing=int, all_of_it=int,
    scored=Py_ssize_t, native=NativeRecord,
)
cpdef object work_through(object partition, object records, object now, object refused)

@cython.locals(gist=Gist)
cdef bint fits(Scan scan, bytes value, bytes key, SensorState state) except -1

cdef bint is_part(bytes value, Py_ssize_t begin, Py_ssize_t end, bytes part) except -1
