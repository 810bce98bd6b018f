#include "core/hub.h"
#include "base/list.h"
#include "base/mailbox.h"
#include "base/mem.h"
#include "core/name.h"
#include "core/table.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

struct roster_entry {
    struct username *user; /* owned */
    UT_hash_handle hh;     /* by user->key; uthash keeps the order of insertion */
};

struct hub_room {
    uint64_t id;                 /* never used again after the room is gone */
    struct roster_entry *roster; /* owned [lock] */
    uint64_t last_ts;            /* [lock] */
    uint64_t users_sent_ms;      /* [lock] when the last snapshot was posted */
    bool users_wanted;     /* [lock] somebody waits for a snapshot even if the room is large */
    struct list due;       /* [lock] in hub.due while a snapshot is put off */
    UT_hash_handle hh;     /* by key */
    char *key;             /* owned */
    uint32_t members_on[]; /* [lock] how many members each worker serves */
};

struct hub {
    pthread_mutex_t lock;
    struct hub_room *rooms; /* owned [lock] */
    struct list due;        /* [lock] */
    struct mailbox *boxes;  /* borrowed */
    uint32_t workers;
    uint64_t next_room_id; /* [lock] */
    uint64_t next_message; /* [lock] */
    uint64_t to_wake;      /* [lock] workers whose mailbox was empty, a bit each */
    uint64_t run;          /* tells this run's message ids from another's */
    atomic_bool has_due;
    atomic_bool stopping;
};

struct hub *hub_create(struct mailbox *boxes, uint32_t workers, uint64_t run)
{
    struct hub *h = mem_alloc(sizeof *h);

    pthread_mutex_init(&h->lock, NULL);
    list_init(&h->due);
    h->boxes = boxes;
    h->workers = workers;
    h->run = run;
    return h;
}

static void room_free(struct hub *h, struct hub_room *room)
{
    struct roster_entry *entry, *after;

    HASH_ITER(hh, room->roster, entry, after)
    {
        HASH_DEL(room->roster, entry);
        username_unref(&entry->user);
        mem_free(entry);
    }
    HASH_DEL(h->rooms, room);
    list_remove(&room->due);
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

static struct hub_room *room_make(struct hub *h, const char *key)
{
    struct hub_room *room = mem_alloc(sizeof *room + h->workers * sizeof *room->members_on);

    room->id = ++h->next_room_id;
    room->key = mem_strdup(key);
    list_init(&room->due);
    HASH_ADD_KEYPTR(hh, h->rooms, room->key, strlen(room->key), room);
    return room;
}

static void post_locked(struct hub *h, const struct hub_room *room, struct event *e)
{
    e->room_id = room->id;
    for (uint32_t w = 0; w < h->workers; w++)
        if (room->members_on[w] != 0 && mailbox_post(&h->boxes[w], event_ref(e)))
            h->to_wake |= (uint64_t)1 << w;
}

/* Waking is a system call, so it waits until the lock is free. */
static void unlock_and_wake(struct hub *h)
{
    uint64_t to_wake = h->to_wake;

    h->to_wake = 0;
    pthread_mutex_unlock(&h->lock);
    for (uint32_t w = 0; to_wake >> w != 0; w++) {
        if ((to_wake >> w & 1) != 0)
            mailbox_wake(&h->boxes[w]);
        if (w == HUB_WORKERS_MAX - 1)
            break;
    }
}

static void post_users_locked(struct hub *h, struct hub_room *room, uint64_t now)
{
    struct event *e = event_make(EVENT_USERS, NULL);

    list_remove(&room->due);
    if (e != NULL && !event_reserve_users(e, HASH_COUNT(room->roster)))
        event_unref(&e);
    if (e == NULL)
        return; /* still wanted: the next change of the room's people tries again */
    for (struct roster_entry *entry = room->roster; entry != NULL; entry = entry->hh.next)
        e->users[e->user_count++] = username_ref(entry->user);
    post_locked(h, room, e);
    event_unref(&e);
    room->users_sent_ms = now; /* not before the last one: see users_changed_locked */
    room->users_wanted = false;
}

/* The first change after a quiet time is told at once, those that follow it together. */
static void users_changed_locked(struct hub *h, struct hub_room *room, uint64_t now)
{
    if (HASH_COUNT(room->roster) > USERS_BROADCAST_MAX && !room->users_wanted)
        return;
    if (now >= room->users_sent_ms + USERS_INTERVAL_MS)
        post_users_locked(h, room, now);
    else if (list_empty(&room->due))
        list_append(&h->due, &room->due);
    atomic_store(&h->has_due, !list_empty(&h->due));
}

enum err hub_join(struct hub *h, const char *room_key, struct username *user,
                  struct session_id session, uint64_t now_mono_ms, struct hub_room **out)
{
    struct event *joined = event_make(EVENT_JOIN, user);
    struct roster_entry *entry = NULL;
    struct hub_room *room = NULL;
    enum err e = OK;

    if (joined == NULL)
        return ERR_NOMEM;
    joined->origin = session;
    pthread_mutex_lock(&h->lock);
    HASH_FIND(hh, h->rooms, room_key, strlen(room_key), room);
    if (room != NULL)
        HASH_FIND(hh, room->roster, user->key, user->key_length, entry);
    if (entry != NULL) {
        e = ERR_TAKEN;
        goto out;
    }
    if (room == NULL)
        room = room_make(h, room_key);
    entry = mem_alloc(sizeof *entry);
    entry->user = username_ref(user);
    HASH_ADD_KEYPTR(hh, room->roster, user->key, user->key_length, entry);
    room->members_on[session.worker]++;
    post_locked(h, room, joined);
    room->users_wanted = true;
    users_changed_locked(h, room, now_mono_ms);
    *out = room;
out:
    unlock_and_wake(h);
    event_unref(&joined);
    return e;
}

void hub_leave(struct hub *h, struct hub_room *room, struct username *user, uint32_t worker,
               uint64_t now_mono_ms)
{
    struct event *left = atomic_load(&h->stopping) ? NULL : event_make(EVENT_LEAVE, user);
    struct roster_entry *entry;

    pthread_mutex_lock(&h->lock);
    HASH_FIND(hh, room->roster, user->key, user->key_length, entry);
    HASH_DEL(room->roster, entry);
    username_unref(&entry->user);
    mem_free(entry);
    room->members_on[worker]--;
    if (room->roster == NULL) {
        room_free(h, room);
        atomic_store(&h->has_due, !list_empty(&h->due));
    } else if (!atomic_load(&h->stopping)) {
        if (left != NULL)
            post_locked(h, room, left);
        else
            room->users_wanted = true; /* no memory to tell of it; a snapshot will */
        users_changed_locked(h, room, now_mono_ms);
    }
    unlock_and_wake(h);
    event_unref(&left);
}

enum err hub_publish(struct hub *h, struct hub_room *room, struct event *message,
                     uint64_t now_wall_ms)
{
    enum err e = OK;

    pthread_mutex_lock(&h->lock);
    for (uint32_t w = 0; w < h->workers && e == OK; w++)
        if (room->members_on[w] != 0 && mailbox_is_full(&h->boxes[w]))
            e = ERR_FULL; /* to all or to none */
    if (e == OK) {
        if (now_wall_ms > room->last_ts)
            room->last_ts = now_wall_ms;
        message->ts = room->last_ts;
        message->id = (struct message_id){h->run, room->id, ++h->next_message};
        post_locked(h, room, message);
    }
    unlock_and_wake(h);
    return e;
}

bool hub_is_strained(const struct hub *h)
{
    for (uint32_t w = 0; w < h->workers; w++)
        if (mailbox_is_strained(&h->boxes[w]))
            return true;
    return false;
}

void hub_want_users(struct hub *h, struct hub_room *room, uint64_t now_mono_ms)
{
    pthread_mutex_lock(&h->lock);
    room->users_wanted = true;
    users_changed_locked(h, room, now_mono_ms);
    unlock_and_wake(h);
}

bool hub_has_due(struct hub *h)
{
    return atomic_load_explicit(&h->has_due, memory_order_relaxed);
}

void hub_tick(struct hub *h, uint64_t now_mono_ms)
{
    pthread_mutex_lock(&h->lock);
    LIST_EACH(&h->due, pos, after)
    {
        struct hub_room *room = LIST_ENTRY(pos, struct hub_room, due);

        if (now_mono_ms >= room->users_sent_ms + USERS_INTERVAL_MS)
            post_users_locked(h, room, now_mono_ms);
    }
    atomic_store(&h->has_due, !list_empty(&h->due));
    unlock_and_wake(h);
}

void hub_stop(struct hub *h)
{
    atomic_store(&h->stopping, true);
}
