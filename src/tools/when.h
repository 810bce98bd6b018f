/* when - moments as people write and read them, in UTC.
 * Threads:    any.
 * Owns:       nothing.
 * Invariant:  what when_write writes, without its blank, when_read reads.
 * Fails:      when_read: false. */
#ifndef HUBBUB_TOOLS_WHEN_H
#define HUBBUB_TOOLS_WHEN_H

#include <stdbool.h>
#include <stdint.h>

enum { WHEN_SIZE = 32 };

/* 2024-05-01, 2024-05-01T12:30[:15][Z], or so long before now: 30s, 90m, 12h, 7d. Unix time in ms. */
bool when_read(const char *text, uint64_t *ms);

/* "2024-05-01 12:30:15"; returns out. */
const char *when_write(uint64_t ms, char out[WHEN_SIZE]);

#endif
