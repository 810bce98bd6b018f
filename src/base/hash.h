/* hash - a keyed hash of bytes for tables whose keys strangers choose: without the key nobody can make
 * many names fall into one bucket.
 * Threads:    any; the key is drawn at the first use.
 * Owns:       nothing.
 * Invariant:  the same bytes give the same hash for the life of the process.
 * Fails:      never. */
#ifndef HUBBUB_BASE_HASH_H
#define HUBBUB_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* SipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast short-input PRF"). */
uint64_t hash_bytes(const void *bytes, size_t length);

/* The same with a key of the caller's, for hashes that are kept: the same on every machine. */
uint64_t hash_keyed(const uint64_t key[2], const void *bytes, size_t length);

#endif
