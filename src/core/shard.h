/* shard - one worker's share of the chat: its sessions, by room, and the delivery of events to
 * them.
 * Threads:    one, its worker's.
 * Owns:       its tables. Borrows sessions (they register themselves), the hub and the rules.
 * Invariant:  a place is in shard_room->members iff its EVENT_JOIN came through and it was not given
 *             up since, so its session sees exactly the events after its own join.
 * Fails:      a session that cannot take an event is closed (session_send); the others do not
 *             notice. */
#ifndef HUBBUB_CORE_SHARD_H
#define HUBBUB_CORE_SHARD_H

#include "base/clock.h"
#include "base/list.h"
#include "core/event.h"
#include "core/limit.h"
#include "core/ring.h"

#include <stddef.h>
#include <stdint.h>

struct hub;
struct place;
struct session;
struct shard_room;
struct shard_slot;

/* What the operator set for all sessions, and what clients are told of it. */
struct rules {
    size_t max_body;    /* bytes of UTF-8 */
    size_t max_frame;   /* bytes of one message from a client */
    uint32_t max_rooms; /* places of one session */
    struct ring_limits ring;
    struct limit_rule message_rate;
    uint64_t ping_interval_ms, ping_timeout_ms;
    const char *server_name; /* for people; borrowed */
    const char *build;       /* tells one version of the browser client from another; borrowed */
};

struct shard {
    uint32_t worker;
    struct hub *hub;           /* borrowed */
    const struct rules *rules; /* borrowed */
    struct moment now;         /* the worker sets it before it calls in */
    struct shard_slot *slots;  /* owned */
    uint32_t slot_count;
    uint32_t free_slot;        /* head of the list of free slots; slot_count: none */
    struct shard_room *rooms;  /* owned, by id */
    struct shard_room *recent; /* borrowed: the room that was looked up last, or NULL */
    struct list gathering; /* rooms that hold frames which are not yet in their members' rings */
    uint64_t gathered;     /* bytes encoded since the last shard_settle, large answers too */
    struct list
        returning;  /* arrivals that wait for their turn; while there are any, turns must go on */
    size_t given;   /* bytes, to those that had their turn since the last shard_settle */
    bool is_behind; /* the worker sets it: events wait for another turn */
    size_t unread_kib; /* of large answers that those who asked have not read */
};

enum { UNREAD_KIB_MAX = 64 * 1024 };

/* Nothing large is given while so much waits for those who do not read it. */
static inline bool shard_is_laden(const struct shard *shard)
{
    return shard->unread_kib > UNREAD_KIB_MAX;
}

void shard_init(struct shard *shard, uint32_t worker, struct hub *hub, const struct rules *rules);

/* All sessions must have ended. */
void shard_destroy(struct shard *shard);

/* Gives the session its id, and takes it back. */
void shard_register(struct shard *shard, struct session *s);
void shard_unregister(struct shard *shard, struct session *s);

/* The session sees no event of the room after this call. Does nothing if its join has not come through. */
void shard_remove_member(struct place *p);

/* Takes an event from the hub for the members of its room, or for one session; e stays the caller's. The members have
 * it in their rings after shard_settle at the latest, so events that come together cost each of
 * them one push. shard->gathered tells how much has come together, and shard_settle in how many rooms. */
void shard_deliver(struct shard *shard, struct event *e);
uint32_t shard_settle(struct shard *shard);

#endif
