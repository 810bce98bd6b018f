#include "base/mailbox.h"
#include "base/log.h"
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

bool mailbox_is_full(const struct mailbox *m)
{
    return atomic_load_explicit(&m->waiting, memory_order_relaxed) >= m->limit;
}

bool mailbox_is_strained(const struct mailbox *m)
{
    return atomic_load_explicit(&m->waiting, memory_order_relaxed) > m->limit / 8;
}

static void grow(struct mailbox *m)
{
    size_t capacity = m->capacity != 0 ? m->capacity * 2 : FIRST_CAPACITY;
    void **grown = mem_resize(m->incoming, capacity * sizeof *grown);

    if (grown == NULL) { /* 8 bytes an item: there is no memory for anything any more */
        log_error("out_of_memory", "items=%zu action=exit", capacity);
        abort();
    }
    m->incoming = grown;
    m->capacity = capacity;
}

bool mailbox_post(struct mailbox *m, void *item)
{
    bool was_empty;

    pthread_mutex_lock(&m->lock);
    if (m->count == m->capacity)
        grow(m);
    was_empty = m->count == 0;
    m->incoming[m->count++] = item;
    atomic_fetch_add_explicit(&m->waiting, 1, memory_order_relaxed);
    pthread_mutex_unlock(&m->lock);
    return was_empty;
}

void mailbox_wake(struct mailbox *m)
{
    if (m->wake != NULL)
        m->wake(m->wake_arg);
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
    pthread_mutex_unlock(&m->lock);
    *items = m->taken;
    return count;
}

void mailbox_done(struct mailbox *m, size_t n)
{
    atomic_fetch_sub_explicit(&m->waiting, n, memory_order_relaxed);
}
