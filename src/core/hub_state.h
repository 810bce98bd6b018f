/* hub_state - the hub's data, for the files that make it up (hub.c, hub_people.c) and nobody else.
 * Threads:    hub.lock covers what is marked [lock].
 * Owns:       see the fields.
 * Invariant:  functions that end in _locked are called under hub.lock; hub_unlock_and_wake ends it.
 * Fails:      see hub.h. */
#ifndef HUBBUB_CORE_HUB_STATE_H
#define HUBBUB_CORE_HUB_STATE_H

#include "base/list.h"
#include "core/hub.h"
#include "core/table.h"
#include "core/tail.h"

#include <pthread.h>
#include <stdatomic.h>

/* Who holds a name. */
struct roster_entry {
    struct username *user;     /* owned */
    struct session_id session; /* whose it is; nobody while it is held for its key */
    uint32_t place;            /* of its session: the joining that counts */
    char *key;                 /* owned; NULL: it cannot be taken over */
    struct hub_room *room;     /* borrowed */
    struct list held;          /* in hub.held, or in room->leaving */
    uint64_t held_until_ms;
    uint64_t
        leaves_after; /* in room->leaving: so many of the room's events are settled first; else 0 */
    enum leave_reason reason; /* likewise */
    struct moment left_at;    /* likewise */
    UT_hash_handle hh;        /* by user->key; uthash keeps the order of insertion */
};

struct hub_room {
    uint64_t id; /* never used again after the room is gone */
    uint32_t pins;
    bool is_known;               /* head is that of the log */
    struct journal_head head;    /* of what was posted, or was found in the log and never will be */
    uint64_t newest_ts;          /* of all that was posted: nothing is told to have been earlier */
    struct tail tail;            /* the newest of that */
    struct list ageing;          /* in hub.ageing once somebody joined */
    uint64_t look_ms;            /* when the tail is to be looked at */
    uint64_t published, settled; /* events given to the journal, and those that came back */
    struct list leaving;         /* names that go once what was said before is settled */
    struct roster_entry *roster; /* owned */
    uint64_t users_sent_ms;      /* when the last snapshot was posted */
    bool users_wanted;           /* somebody waits for a snapshot even if the room is large */
    struct list due;             /* in hub.due while a snapshot is put off */
    struct list silent;          /* in hub.silent while its log is not known to have events */
    UT_hash_handle hh;           /* by key */
    char *key;                   /* owned */
    uint32_t members_on[];       /* how many members each worker serves */
};

struct hub {
    pthread_mutex_t lock;
    struct hub_room *rooms;  /* owned [lock] */
    struct list due;         /* [lock] rooms whose snapshot is put off */
    struct list held;        /* [lock] names that are held for their keys, the oldest first */
    struct mailbox *boxes;   /* borrowed */
    struct journal *journal; /* borrowed */
    uint32_t workers;
    uint64_t hold_ms;
    struct tail_limits limits; /* of the rooms' tails */
    struct list silent;        /* [lock] rooms without events, the oldest first */
    struct list ageing;        /* [lock] if they have an age: rooms, the next to look at first */
    uint64_t next_room_id;     /* [lock] */
    uint64_t to_wake;          /* [lock] workers whose mailbox was empty, a bit each */
    atomic_bool has_due;
    _Atomic uint64_t held_due_ms; /* when the first of held is due; 0: none */
    _Atomic uint64_t look_due_ms; /* when the first of ageing is due; 0: none */
    _Atomic uint64_t under_way;   /* events that the journal has */
    atomic_bool stopping;
};

/* To every worker that has members of the room. */
void hub_post_locked(struct hub *h, const struct hub_room *room, struct event *e);
/* To one worker. */
void hub_post_to_locked(struct hub *h, uint32_t worker, struct event *e);

/* Waking is a system call, so it waits until the lock is free. */
void hub_unlock_and_wake(struct hub *h);

/* What an event of now says of its time: the system's clock may have been set back. */
uint64_t hub_stamp_locked(struct hub_room *room, uint64_t now_wall_ms);

/* The people go whose last words are settled. */
void hub_end_leaving_locked(struct hub *h, struct hub_room *room);

/* Frees the room if nothing keeps it. */
void hub_drop_room_locked(struct hub *h, struct hub_room *room);

#endif
