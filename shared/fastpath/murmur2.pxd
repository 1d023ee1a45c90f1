cimport cython
from libc.stdint cimport uint32_t

cdef uint32_t _SEED, _M, _32


@cython.locals(
    raw="const unsigned char*", size=Py_ssize_t, whole=Py_ssize_t, at=Py_ssize_t, rest=Py_ssize_t, found=uint32_t,
    part=uint32_t,
)
cpdef uint32_t murmur2(bytes data)
