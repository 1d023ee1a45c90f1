cimport cython
from libc.stdint cimport uint64_t

cdef extern from *:
    ctypedef unsigned long long uint128_t "unsigned __int128"

cdef uint64_t _FOLD, _PRIME


@cython.locals(wide=uint128_t, low=uint64_t, part=uint64_t, place=Py_ssize_t, at=Py_ssize_t)
cpdef uint64_t id_hash(const unsigned char* data, Py_ssize_t begin, Py_ssize_t end) noexcept
