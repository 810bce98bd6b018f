/* random - bytes that nobody can guess.
 * Threads:    any.
 * Owns:       nothing.
 * Invariant:  they come from the operating system (getrandom(2)).
 * Fails:      ends the process after a log line: without them no secret is one. Since all supported
 *             systems have had the call for ten years this is a broken sandbox, not a state to serve in. */
#ifndef HUBBUB_BASE_RANDOM_H
#define HUBBUB_BASE_RANDOM_H

#include <stddef.h>

/* length: at most 256. */
void random_bytes(void *out, size_t length);

#endif
