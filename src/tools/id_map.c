#include "tools/id_map.h"
#include "base/hash.h"
#include "base/mem.h"

#include <string.h>

enum { FIRST_CAPACITY = 1024 };

struct id_map_entry {
    uint64_t hash, seq; /* seq 0: free */
};

/* The entry of that hash, or the free one where it belongs. */
static struct id_map_entry *find(const struct id_map *m, uint64_t hash)
{
    size_t at = hash & (m->capacity - 1);

    while (m->entries[at].seq != 0 && m->entries[at].hash != hash)
        at = (at + 1) & (m->capacity - 1);
    return &m->entries[at];
}

static void grow(struct id_map *m)
{
    struct id_map old = *m;

    m->capacity = old.capacity != 0 ? 2 * old.capacity : FIRST_CAPACITY;
    m->entries = mem_alloc(m->capacity * sizeof *m->entries);
    for (size_t i = 0; i < old.capacity; i++)
        if (old.entries[i].seq != 0)
            *find(m, old.entries[i].hash) = old.entries[i];
    mem_free(old.entries);
}

void id_map_put(struct id_map *m, const char *id, uint64_t seq)
{
    uint64_t hash = hash_bytes(id, strlen(id));
    struct id_map_entry *entry;

    if (2 * m->count >= m->capacity)
        grow(m);
    entry = find(m, hash);
    m->count += entry->seq == 0;
    *entry = (struct id_map_entry){hash, seq};
}

uint64_t id_map_get(const struct id_map *m, const char *id)
{
    return m->capacity != 0 ? find(m, hash_bytes(id, strlen(id)))->seq : 0;
}

void id_map_free(struct id_map *m)
{
    mem_free(m->entries);
    *m = (struct id_map){.count = 0};
}
