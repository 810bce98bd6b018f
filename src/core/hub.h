/* hub - what all workers share: the rooms, who is in them, and the one order in which a room's
 * events reach every worker.
 * Threads:    any. hub.lock covers all rooms; it is held for look-ups and posts only, never across
 *             I/O, logs or callbacks (a mailbox's wake apart). Lock order: hub, then mailbox.
 * Owns:       rooms and their rosters. Borrows the workers' mailboxes, which outlive it.
 * Invariant:  a name is held at most once in a room; rosters are in join order; a room exists iff
 *             somebody is in it; posting under the lock gives all workers the same order.
 * Fails:      ERR_TAKEN, ERR_FULL (a worker is too far behind), ERR_NOMEM; nothing changed then. */
#ifndef HUBBUB_CORE_HUB_H
#define HUBBUB_CORE_HUB_H

#include "base/err.h"
#include "core/event.h"

#include <stdbool.h>
#include <stdint.h>

struct hub;
struct hub_room;
struct mailbox;
struct username;

enum {
    HUB_WORKERS_MAX = 64,
    USERS_INTERVAL_MS = 100,   /* a room sends at most one snapshot of its people in this time */
    USERS_BROADCAST_MAX = 256, /* in a larger room a snapshot goes only to those who ask or join */
};

/* boxes[i] takes references to events, for worker i; borrowed. run: a number that no earlier run of
 * the server had (random, or the time it started), so that message ids are unique across restarts.
 */
struct hub *hub_create(struct mailbox *boxes, uint32_t workers, uint64_t run);
void hub_destroy(struct hub *h);

/* Registers the user under the room's name and posts EVENT_JOIN, after which the session is a
 * member. *room stays valid until hub_leave. room_key: as room_name_make wrote it. */
MUST_USE enum err hub_join(struct hub *h, const char *room_key, struct username *user,
                           struct session_id session, uint64_t now_mono_ms, struct hub_room **room);

/* Gives the name back and posts EVENT_LEAVE to the remaining members. */
void hub_leave(struct hub *h, struct hub_room *room, struct username *user, uint32_t worker,
               uint64_t now_mono_ms);

/* Gives the message its id and time and posts it to every worker that has a member in the room.
 * Takes no reference of the caller's. */
MUST_USE enum err hub_publish(struct hub *h, struct hub_room *room, struct event *message,
                              uint64_t now_wall_ms);

/* True if a worker is so far behind that senders should be held back. Lock-free. */
bool hub_is_strained(const struct hub *h);

/* Asks for a snapshot of a room for somebody who missed changes. */
void hub_want_users(struct hub *h, struct hub_room *room, uint64_t now_mono_ms);

/* True if a snapshot was put off; hub_tick must then be called USERS_INTERVAL_MS later. Lock-free.
 */
bool hub_has_due(struct hub *h);
void hub_tick(struct hub *h, uint64_t now_mono_ms);

/* From here on nobody is told of leaves: everybody is leaving. */
void hub_stop(struct hub *h);

#endif
