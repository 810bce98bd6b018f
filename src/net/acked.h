/* acked - how far the peer of a TCP connection has come with what was sent to it, as the kernel knows.
 * Threads:    any.
 * Owns:       nothing; the socket is the caller's.
 * Invariant:  looking changes nothing.
 * Fails:      a kernel that does not tell: zeros. */
#ifndef HUBBUB_NET_ACKED_H
#define HUBBUB_NET_ACKED_H

#include <stdint.h>

struct acked {
    uint32_t bytes;  /* confirmed so far, modulo 2^32 */
    uint32_t unsent; /* what the kernel has been given and the peer has no room for yet */
};

struct acked acked_by_peer(int fd);

#endif
