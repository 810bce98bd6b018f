/* id_map - which seq a message has got that was called by another id before.
 * Threads:    one.
 * Owns:       its table: 16 bytes for each id, twice as many at most.
 * Invariant:  ids are told apart by 64 bits of a keyed hash.
 * Fails:      ends the process when there is no memory. */
#ifndef HUBBUB_TOOLS_ID_MAP_H
#define HUBBUB_TOOLS_ID_MAP_H

#include <stddef.h>
#include <stdint.h>

struct id_map {
    struct id_map_entry *entries; /* owned */
    size_t capacity;              /* a power of two, or 0 */
    size_t count;
};

void id_map_put(struct id_map *m, const char *id, uint64_t seq);
/* 0 if it is not there. */
uint64_t id_map_get(const struct id_map *m, const char *id);
void id_map_free(struct id_map *m);

#endif
