cimport cython
from libc.stdint cimport uint32_t

cdef uint32_t _SEED, _M, _32


@cython.locals(
    raw="const unsigned char*", size=Py_ssize_t, tail=Py_ssize_t, position=Py_ssize_t,
    tail_size=Py_ssize_t, result=uint32_t, part=uint32_t,
)
cpdef uint32_t murmur2(bytes key)
