/* hub - what all workers share: the rooms, who is in them, and the one order in which a room's
 * events reach every worker.
 * Threads:    any. hub.lock covers all rooms; it is held for look-ups and posts only, never across
 *             I/O, logs or callbacks (a mailbox's wake apart), nor while the journal is called. Lock
 *             order: the journal's, hub, then mailbox.
 * Owns:       rooms and their rosters. Borrows the journal and the workers' mailboxes, which outlive it.
 * Invariant:  a name is held at most once in a room; rosters are in join order; a room exists while it
 *             is pinned or a name is held in it; posting under the lock gives all workers the same
 *             order, and durable events are posted in the journal's.
 * Fails:      ERR_TAKEN, ERR_FULL (a worker is too far behind), ERR_NOMEM; nothing changed then. */
#ifndef HUBBUB_CORE_HUB_H
#define HUBBUB_CORE_HUB_H

#include "base/clock.h"
#include "base/err.h"
#include "core/event.h"
#include "core/ports.h"

#include <stdbool.h>
#include <stdint.h>

struct hub;
struct hub_room;
struct mailbox;
struct tail_limits;
struct username;

enum {
    HUB_WORKERS_MAX = 64,
    USERS_INTERVAL_MS = 100,   /* a room sends at most one snapshot of its people in this time */
    USERS_BROADCAST_MAX = 256, /* in a larger room a snapshot goes only to those who ask or join */
    USERS_JOINED_MAX = 256,    /* so many of the people are told with `joined` */
    TAIL_LOOK_MS =
        5000, /* from one look for what is too old in a room's tail to the next, at most */
};

/* boxes[i] takes references to events, for worker i; borrowed. hold_ms: how long a name is held for its
 * key after the connection broke. */
struct hub *hub_create(struct mailbox *boxes, uint32_t workers, uint64_t hold_ms);
uint32_t hub_workers(const struct hub *h);
void hub_destroy(struct hub *h);

/* Due before the first room is opened. */
void hub_set_journal(struct hub *h, struct journal *j);
/* Likewise: what the journal is to keep of each room, and so the hub; copied. */
void hub_set_limits(struct hub *h, const struct tail_limits *limits);
struct journal *hub_journal(const struct hub *h);

/* The journal's listener; arg is the hub. */
void hub_committed(void *arg, struct event *const *events, size_t count);
void hub_answered(void *arg, struct query *q);

/* ---- rooms ---- */

/* Pins the room, making it if need be; it stays valid until hub_close. *is_known: the head of its log
 * is known, so that it can be joined; if not, ask the journal (QUERY_HEAD) and tell hub_learn. */
struct hub_room *hub_open(struct hub *h, const char *room_key, bool *is_known);
void hub_close(struct hub *h, struct hub_room *room);
/* What the journal said of the head of a room's log, at any time since the room was opened. */
void hub_learn(struct hub *h, struct hub_room *room, const struct journal_head *head);

/* Const as long as the room is pinned. The id is never used again in this run. */
const char *hub_room_key(const struct hub_room *room);
uint64_t hub_room_id(const struct hub_room *room);

/* The log's number for the room; 0: it has no event yet. */
uint64_t hub_log_room(struct hub *h, const struct hub_room *room);

/* ---- people ---- */

struct joining {
    struct username *user;
    struct session_id session;
    uint32_t place;  /* the session's own number for this joining; EVENT_JOIN brings it back */
    const char *key; /* proves that a name that is taken is the caller's own; NULL: there is none */
    bool tells_people; /* EVENT_JOIN brings the first people of the room */
    bool has_since;    /* EVENT_JOIN brings the durable events after since */
    uint64_t since;
    size_t
        missed_max; /* bytes of text of these events; if there are more, it is as if the tail had not all of them */
};

/* What hub_join says of the room's log. */
struct joined_at {
    uint64_t newest; /* seq of its newest event */
    size_t bytes;    /* of text in the events and, about, the names that EVENT_JOIN brings */
};

/* Registers the user under the room's name and posts EVENT_JOIN, after which the session is a
 * member. The room must be pinned and known. ERR_NOT_FOUND: the tail does not reach back to since, or
 * since is ahead of the log; at->newest is set in any case. */
MUST_USE enum err hub_join(struct hub *h, struct hub_room *room, const struct joining *joining,
                           struct moment now, struct joined_at *at);

/* Gives the name back and posts EVENT_LEAVE to the remaining members, or, if the connection broke and
 * has a key, holds the name for it; if the name was taken over with the key since that joining, by whatever
 * session, it stays. Once for each hub_join that was OK; joining is what was passed there. */
void hub_leave(struct hub *h, struct hub_room *room, const struct joining *joining,
               enum leave_reason reason, struct moment now);

/* The people of a room as an EVENT_USERS that nobody was sent; NULL when memory is short. */
struct event *hub_users(struct hub *h, struct hub_room *room);

/* How many are in a room; 0 if there is no such room. */
uint32_t hub_count_people(struct hub *h, const char *room_key);

/* Calls back with rooms that have people but no events yet, up to limit, under the lock. */
void hub_each_silent_room(struct hub *h, uint32_t limit,
                          void (*call)(void *arg, const char *room_key), void *arg);

/* ---- events ---- */

/* Gives a durable event to the journal; it comes back through hub_committed. Takes no reference of the
 * caller's. */
MUST_USE enum err hub_publish(struct hub *h, struct hub_room *room, struct event *e,
                              uint64_t now_wall_ms);

/* The end of a worker's turn: what it has published may be stored. */
void hub_flush(struct hub *h);

/* Posts an event of the moment to the room as it is; while the hub is strained it is left out. */
void hub_publish_ephemeral(struct hub *h, struct hub_room *room, struct event *e);

/* True if a worker, or the journal, is so far behind that senders should be held back. Lock-free. */
bool hub_is_strained(const struct hub *h);

/* Asks for a snapshot of a room for somebody who missed changes. */
void hub_want_users(struct hub *h, struct hub_room *room, uint64_t now_mono_ms);

/* True if a snapshot was put off; hub_tick must then be called USERS_INTERVAL_MS later. Lock-free. */
bool hub_has_due(const struct hub *h);
/* When hub_tick must be called because of a name that is held, or of a tail that may hold what is too old, as
 * time of clock_mono_ms; 0: there is none. Lock-free. */
uint64_t hub_due(const struct hub *h);
void hub_tick(struct hub *h, struct moment now);

/* From here on nobody is told of leaves: everybody is leaving. */
void hub_stop(struct hub *h);

/* True if nothing is on its way through the journal. Lock-free; after hub_stop the workers are woken
 * when it becomes true. */
bool hub_is_quiet(const struct hub *h);

#endif
