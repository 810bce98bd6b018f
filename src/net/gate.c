#include "net/gate.h"
#include "base/mem.h"
#include "core/table.h"

#include <pthread.h>

struct entry {
    struct address_key key;
    uint32_t count;
    UT_hash_handle hh;
};

struct gate {
    pthread_mutex_t lock;
    uint32_t max_total;
    uint32_t max_per_address;
    uint32_t total;        /* [lock] */
    struct entry *entries; /* owned [lock] */
};

struct gate *gate_create(uint32_t max_total, uint32_t max_per_address)
{
    struct gate *g = mem_alloc(sizeof *g);

    pthread_mutex_init(&g->lock, NULL);
    g->max_total = max_total;
    g->max_per_address = max_per_address;
    return g;
}

void gate_destroy(struct gate *g)
{
    struct entry *e, *after;

    HASH_ITER(hh, g->entries, e, after)
    {
        HASH_DEL(g->entries, e);
        mem_free(e);
    }
    pthread_mutex_destroy(&g->lock);
    mem_free(g);
}

enum gate_answer gate_enter(struct gate *g, const struct address_key *key)
{
    enum gate_answer answer = GATE_OPEN;
    struct entry *e;

    pthread_mutex_lock(&g->lock);
    HASH_FIND(hh, g->entries, key, sizeof *key, e);
    if (g->max_total != 0 && g->total >= g->max_total) {
        answer = GATE_FULL;
    } else if (g->max_per_address != 0 && e != NULL && e->count >= g->max_per_address) {
        answer = GATE_ADDRESS_FULL;
    } else {
        if (e == NULL) {
            e = mem_alloc(sizeof *e);
            e->key = *key;
            HASH_ADD(hh, g->entries, key, sizeof e->key, e);
        }
        e->count++;
        g->total++;
    }
    pthread_mutex_unlock(&g->lock);
    return answer;
}

void gate_leave(struct gate *g, const struct address_key *key)
{
    struct entry *e;

    pthread_mutex_lock(&g->lock);
    HASH_FIND(hh, g->entries, key, sizeof *key, e);
    g->total--;
    if (--e->count == 0) {
        HASH_DEL(g->entries, e);
        mem_free(e);
    }
    pthread_mutex_unlock(&g->lock);
}
