#include "core/hub.h"
#include "base/mailbox.h"
#include "base/mem.h"
#include "core/hub_state.h"
#include "core/name.h"

#include <string.h>

struct hub *hub_create(struct mailbox *boxes, uint32_t workers, uint64_t hold_ms)
{
    struct hub *h = mem_alloc(sizeof *h);

    pthread_mutex_init(&h->lock, NULL);
    list_init(&h->due);
    list_init(&h->held);
    list_init(&h->ageing);
    list_init(&h->silent);
    h->boxes = boxes;
    h->workers = workers;
    h->hold_ms = hold_ms;
    return h;
}

uint32_t hub_workers(const struct hub *h)
{
    return h->workers;
}

void hub_set_journal(struct hub *h, struct journal *j)
{
    h->journal = j;
}

void hub_set_limits(struct hub *h, const struct tail_limits *limits)
{
    h->limits = *limits;
}

struct journal *hub_journal(const struct hub *h)
{
    return h->journal;
}

static void room_free(struct hub *h, struct hub_room *room)
{
    struct roster_entry *entry, *after;

    HASH_ITER(hh, room->roster, entry, after)
    {
        HASH_DEL(room->roster, entry);
        list_remove(&entry->held);
        username_unref(&entry->user);
        mem_free(entry->key);
        mem_free(entry);
    }
    HASH_DEL(h->rooms, room);
    list_remove(&room->due);
    list_remove(&room->ageing);
    list_remove(&room->silent);
    tail_clear(&room->tail);
    mem_free(room->key);
    mem_free(room);
}

void hub_destroy(struct hub *h)
{
    struct hub_room *room, *after;

    HASH_ITER(hh, h->rooms, room, after)
    {
        room_free(h, room);
    }
    pthread_mutex_destroy(&h->lock);
    mem_free(h);
}

/* ---- posting ---- */

void hub_post_to_locked(struct hub *h, uint32_t worker, struct event *e)
{
    if (mailbox_post(&h->boxes[worker], event_ref(e)))
        h->to_wake |= (uint64_t)1 << worker;
}

void hub_post_locked(struct hub *h, const struct hub_room *room, struct event *e)
{
    e->room_id = room->id;
    for (uint32_t w = 0; w < h->workers; w++)
        if (room->members_on[w] != 0)
            hub_post_to_locked(h, w, e);
}

void hub_unlock_and_wake(struct hub *h)
{
    uint64_t to_wake = h->to_wake;

    h->to_wake = 0;
    pthread_mutex_unlock(&h->lock);
    for (uint32_t w = 0; w < h->workers && to_wake >> w != 0; w++)
        if ((to_wake >> w & 1) != 0)
            mailbox_wake(&h->boxes[w]);
}

uint64_t hub_stamp_locked(struct hub_room *room, uint64_t now_wall_ms)
{
    if (now_wall_ms > room->newest_ts)
        room->newest_ts = now_wall_ms;
    return room->newest_ts;
}

/* ---- rooms ---- */

static struct hub_room *room_make(struct hub *h, const char *key)
{
    struct hub_room *room = mem_alloc(sizeof *room + h->workers * sizeof *room->members_on);

    room->id = ++h->next_room_id;
    room->key = mem_strdup(key);
    list_init(&room->due);
    list_init(&room->leaving);
    list_init(&room->ageing);
    list_init(&room->silent);
    list_append(&h->silent, &room->silent);
    HASH_ADD_KEYPTR(hh, h->rooms, room->key, strlen(room->key), room);
    return room;
}

void hub_drop_room_locked(struct hub *h, struct hub_room *room)
{
    if (room->pins != 0 || room->roster != NULL)
        return;
    room_free(h, room);
    atomic_store(&h->has_due, !list_empty(&h->due));
}

struct hub_room *hub_open(struct hub *h, const char *room_key, bool *is_known)
{
    struct hub_room *room;

    pthread_mutex_lock(&h->lock);
    HASH_FIND(hh, h->rooms, room_key, strlen(room_key), room);
    if (room == NULL)
        room = room_make(h, room_key);
    room->pins++;
    *is_known = room->is_known;
    pthread_mutex_unlock(&h->lock);
    return room;
}

void hub_close(struct hub *h, struct hub_room *room)
{
    pthread_mutex_lock(&h->lock);
    room->pins--;
    hub_drop_room_locked(h, room);
    pthread_mutex_unlock(&h->lock);
}

/* Nothing can have been published in a room before its head was known, because nobody could join it, so
 * whatever was read since it was opened is right; several may have asked. Later the log may be ahead by what is
 * about to be posted; if nothing is, another program has stored it, and it never will be. */
void hub_learn(struct hub *h, struct hub_room *room, const struct journal_head *head)
{
    pthread_mutex_lock(&h->lock);
    if (!room->is_known || (head->seq > room->head.seq && room->settled == room->published)) {
        room->is_known = true;
        room->head = *head;
        tail_clear(&room->tail);
        if (head->seq != 0)
            list_remove(&room->silent);
        (void)hub_stamp_locked(room, head->ts);
    }
    pthread_mutex_unlock(&h->lock);
}

const char *hub_room_key(const struct hub_room *room)
{
    return room->key;
}

uint64_t hub_room_id(const struct hub_room *room)
{
    return room->id;
}

uint64_t hub_log_room(struct hub *h, const struct hub_room *room)
{
    uint64_t number;

    pthread_mutex_lock(&h->lock);
    number = room->head.room;
    pthread_mutex_unlock(&h->lock);
    return number;
}

void hub_each_silent_room(struct hub *h, uint32_t limit,
                          void (*call)(void *arg, const char *room_key), void *arg)
{
    pthread_mutex_lock(&h->lock);
    LIST_EACH(&h->silent, pos, after)
    {
        const struct hub_room *room = LIST_ENTRY(pos, struct hub_room, silent);

        if (limit == 0)
            break;
        if (room->roster == NULL)
            continue;
        call(arg, room->key);
        limit--;
    }
    pthread_mutex_unlock(&h->lock);
}

/* ---- events ---- */

static void settled_locked(struct hub *h, struct hub_room *room)
{
    room->settled++;
    if (!list_empty(&room->leaving))
        hub_end_leaving_locked(h, room);
    room->pins--;
    hub_drop_room_locked(h, room);
}

enum err hub_publish(struct hub *h, struct hub_room *room, struct event *e, uint64_t now_wall_ms)
{
    enum err error = OK;

    if (atomic_load(&h->stopping))
        return ERR_UNAVAILABLE;
    pthread_mutex_lock(&h->lock);
    for (uint32_t w = 0; w < h->workers && error == OK; w++)
        if (room->members_on[w] != 0 && mailbox_is_full(&h->boxes[w]))
            error = ERR_FULL; /* to all or to none */
    if (error == OK) {
        room->pins++;
        room->published++;
        now_wall_ms = hub_stamp_locked(room, now_wall_ms);
    }
    pthread_mutex_unlock(&h->lock);
    if (error != OK)
        return error;
    e->room = room;
    e->room_key = room->key;
    e->room_id = room->id;
    atomic_fetch_add(&h->under_way, 1);
    error = h->journal->ops->append(h->journal, e, now_wall_ms);
    if (error != OK) {
        atomic_fetch_sub(&h->under_way, 1);
        pthread_mutex_lock(&h->lock);
        settled_locked(h, room);
        hub_unlock_and_wake(h);
    }
    return error;
}

/* What was stored goes to everybody; what was not, or was before, only to whoever asked. */
static void committed_locked(struct hub *h, struct event *e)
{
    struct hub_room *room = e->room;
    bool is_news = e->outcome == OK && !e->is_repeat;

    e->room = NULL;
    e->room_key = NULL;
    if (is_news) {
        list_remove(&room->silent);
        room->head.seq = e->seq;
        room->head.ts = e->ts;
        (void)hub_stamp_locked(room, e->ts);
        room->head.room = e->id.room;
        if (e->type == EVENT_DELETE)
            tail_forget(&room->tail, e->id.seq);
        tail_push(&room->tail, e);
        tail_cut(&room->tail, &h->limits, e->ts);
        hub_post_locked(h, room, e);
    }
    if (e->origin.generation != 0 && (!is_news || room->members_on[e->origin.worker] == 0))
        hub_post_to_locked(h, e->origin.worker, e);
    settled_locked(h, room);
}

void hub_committed(void *arg, struct event *const *events, size_t count)
{
    enum { UNDER_ONE_LOCK = 256 };
    struct hub *h = arg;

    for (size_t i = 0; i < count;) {
        size_t end = count - i > UNDER_ONE_LOCK ? i + UNDER_ONE_LOCK : count;

        pthread_mutex_lock(&h->lock);
        for (; i < end; i++)
            committed_locked(h, events[i]);
        hub_unlock_and_wake(h);
    }
    if (atomic_fetch_sub(&h->under_way, count) == count && atomic_load(&h->stopping))
        for (uint32_t w = 0; w < h->workers; w++)
            mailbox_wake(&h->boxes[w]);
}

void hub_answered(void *arg, struct query *q)
{
    struct hub *h = arg;
    struct event *e = q->carrier;

    q->carrier = NULL;
    e->query = q;
    e->origin = q->origin;
    pthread_mutex_lock(&h->lock);
    hub_post_to_locked(h, q->origin.worker, e);
    hub_unlock_and_wake(h);
    event_unref(&e);
}

void hub_flush(struct hub *h)
{
    h->journal->ops->flush(h->journal);
}

bool hub_is_strained(const struct hub *h)
{
    for (uint32_t w = 0; w < h->workers; w++)
        if (mailbox_is_strained(&h->boxes[w]))
            return true;
    return h->journal->ops->is_strained(h->journal);
}

void hub_publish_ephemeral(struct hub *h, struct hub_room *room, struct event *e)
{
    if (hub_is_strained(h))
        return;
    pthread_mutex_lock(&h->lock);
    hub_post_locked(h, room, e);
    hub_unlock_and_wake(h);
}

void hub_stop(struct hub *h)
{
    atomic_store(&h->stopping, true);
}

bool hub_is_quiet(const struct hub *h)
{
    return atomic_load(&h->under_way) == 0;
}
