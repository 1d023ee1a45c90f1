cimport cython
from libc.stdint cimport int64_t
from shared.runtime.fetching.batch_reader cimport BatchReader, FastRecord


@cython.final
@cython.no_gc
cdef class RawBatches:
    cdef readonly str topic
    cdef readonly long partition
    cdef readonly bytes raw
    cdef Py_ssize_t _begin
    cdef Py_ssize_t _end
    cdef readonly int64_t offset
    cdef readonly int64_t next_offset
    cdef readonly int64_t count

    @cython.locals(part=RawBatches)
    cpdef RawBatches since(self, int64_t offset)

    cpdef list records(self)


cpdef BatchReader reader_of(RawBatches batches)


@cython.locals(batches=RawBatches, bounds=tuple)
cpdef RawBatches next_raw_batches(BatchReader reader, int64_t minimum)
