/* table - uthash as it is used here: with a keyed hash, and a log line where it would exit silently.
 * Threads:    those of the table's owner.
 * Owns:       nothing.
 * Invariant:  the only place that includes uthash.h.
 * Fails:      ends the process after a log line when there is no memory for a table's buckets. */
#ifndef HUBBUB_CORE_TABLE_H
#define HUBBUB_CORE_TABLE_H

#include "base/hash.h"
#include "base/log.h"

#include <stdlib.h>

#define HASH_FUNCTION(bytes, length, hash) ((hash) = (unsigned)hash_bytes(bytes, length))
#define uthash_fatal(text)                                                                         \
    do {                                                                                           \
        log_error("out_of_memory", "table=\"%s\" action=exit", text);                              \
        abort();                                                                                   \
    } while (0)

#include <uthash.h>

#endif
