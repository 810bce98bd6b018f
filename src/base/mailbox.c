#include "base/mailbox.h"
#include "base/mem.h"

#include <stdlib.h>

enum { FIRST_CAPACITY = 64 };

void mailbox_init(struct mailbox *m, size_t limit, void (*wake)(void *), void *wake_arg)
{
    *m = (struct mailbox){.limit = limit, .wake = wake, .wake_arg = wake_arg};
    pthread_mutex_init(&m->lock, NULL);
}

void mailbox_destroy(struct mailbox *m)
{
    mem_free(m->incoming);
    mem_free(m->taken);
    pthread_mutex_destroy(&m->lock);
}

bool mailbox_is_full(struct mailbox *m)
{
    return atomic_load(&m->waiting) >= m->limit;
}

bool mailbox_is_strained(const struct mailbox *m)
{
    return atomic_load_explicit(&m->waiting, memory_order_relaxed) > m->limit / 8;
}

static void post(struct mailbox *m, void *item)
{
    bool was_empty;

    pthread_mutex_lock(&m->lock);
    if (m->count == m->capacity) {
        size_t capacity = m->capacity != 0 ? m->capacity * 2 : FIRST_CAPACITY;
        void **grown = mem_resize(m->incoming, capacity * sizeof *grown);

        if (grown == NULL)
            abort(); /* 8 bytes a waiting item, and their number is bounded */
        m->incoming = grown;
        m->capacity = capacity;
    }
    was_empty = m->count == 0;
    m->incoming[m->count++] = item;
    atomic_store(&m->waiting, m->count);
    pthread_mutex_unlock(&m->lock);
    if (was_empty && m->wake != NULL)
        m->wake(m->wake_arg);
}

enum err mailbox_post(struct mailbox *m, void *item)
{
    if (mailbox_is_full(m))
        return ERR_FULL;
    post(m, item);
    return OK;
}

void mailbox_post_always(struct mailbox *m, void *item)
{
    post(m, item);
}

size_t mailbox_take(struct mailbox *m, void ***items)
{
    void **swap = m->taken;
    size_t swap_capacity = m->taken_capacity, count;

    pthread_mutex_lock(&m->lock);
    m->taken = m->incoming;
    m->taken_capacity = m->capacity;
    count = m->count;
    m->incoming = swap;
    m->capacity = swap_capacity;
    m->count = 0;
    atomic_store(&m->waiting, 0);
    pthread_mutex_unlock(&m->lock);
    *items = m->taken;
    return count;
}
