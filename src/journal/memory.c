#include "journal/memory.h"
#include "base/clock.h"
#include "base/mem.h"
#include "journal/memory_query.h"
#include "journal/memory_rooms.h"

struct memory {
    struct journal base;
    struct memory_rooms rooms;
};

/* True if it was kept, which takes over the caller's reference. */
static bool take_locked(struct memory_rooms *rooms, struct event *e, uint64_t now_wall_ms)
{
    struct memory_room *room = memory_rooms_find_locked(rooms, e->room_key);
    uint64_t bytes_before;
    bool is_kept;

    if (room == NULL) {
        /* Nothing is there that it could be about. */
        if (e->type != EVENT_MESSAGE || e->reply_to != 0) {
            e->outcome = ERR_NOT_FOUND;
            return false;
        }
        room = memory_rooms_make_locked(rooms, e->room_key);
    }
    bytes_before = room->bytes;
    is_kept = memory_room_take(room, e, now_wall_ms);
    if (is_kept)
        memory_rooms_grown_locked(rooms, room, bytes_before);
    return is_kept;
}

/* The listener is called under the lock, so that it hears of events in the order of their seqs. */
static enum err memory_append(struct journal *j, struct event *e, uint64_t now_wall_ms)
{
    struct memory *m = (struct memory *)j;
    struct event *own = event_ref(e);

    pthread_mutex_lock(&m->rooms.lock);
    memory_rooms_age_locked(&m->rooms, now_wall_ms);
    if (take_locked(&m->rooms, e, now_wall_ms))
        own = NULL;
    j->listener.committed(j->listener.arg, &e, 1);
    pthread_mutex_unlock(&m->rooms.lock);
    event_unref(&own);
    return OK;
}

static void memory_ask(struct journal *j, struct query *q)
{
    struct memory *m = (struct memory *)j;

    memory_query_answer(&m->rooms, q, clock_wall_ms());
    j->listener.answered(j->listener.arg, q);
}

static bool memory_is_strained(const struct journal *j)
{
    (void)j;
    return false;
}

static void memory_flush(struct journal *j)
{
    (void)j;
}

static bool memory_is_available(const struct journal *j)
{
    (void)j;
    return true;
}

static void memory_stop(struct journal *j)
{
    (void)j; /* nothing ever waits */
}

static void memory_destroy(struct journal *j)
{
    struct memory *m = (struct memory *)j;

    memory_rooms_destroy(&m->rooms);
    mem_free(m);
}

static const struct journal_ops memory_ops = {
    .append = memory_append,
    .flush = memory_flush,
    .ask = memory_ask,
    .is_strained = memory_is_strained,
    .is_available = memory_is_available,
    .stop = memory_stop,
    .destroy = memory_destroy,
};

struct journal *memory_journal_create(const struct memory_limits *limits,
                                      const struct journal_listener *listener, uint64_t epoch)
{
    struct memory *m = mem_alloc(sizeof *m);

    m->base = (struct journal){&memory_ops, *listener, epoch};
    memory_rooms_init(&m->rooms, limits, epoch);
    return &m->base;
}
