/* session - who one WebSocket connection is: its room, its name, the frames that wait for it.
 * Threads:    one, its worker's.
 * Owns:       its ring, its name and its place in the room. Borrows its shard and its wire, which
 *             outlive it.
 * Invariant:  a session that is closing is in no room, and the last frame in its ring is its CLOSE
 *             frame; nothing is queued behind that.
 * Fails:      a session that cannot be served any more is closed with a code, never left half
 *             alive. */
#ifndef HUBBUB_CORE_SESSION_H
#define HUBBUB_CORE_SESSION_H

#include "core/event.h"
#include "core/frame.h"
#include "core/limit.h"
#include "core/proto.h"
#include "core/ring.h"

#include <stdbool.h>
#include <stdint.h>

struct hub_room;
struct shard;
struct shard_room;
struct username;

/* What a session asks of the connection that carries it. */
struct wire_ops {
    /* Frames wait in the ring: send them at the end of this turn of the loop. */
    void (*want_write)(void *wire);
    /* Nothing more can be sent: cut the connection, later, not under the caller's feet. */
    void (*abort)(void *wire);
};

/* A place in a room. */
struct member {
    struct shard_room *shard_room; /* borrowed; NULL until EVENT_JOIN came through */
    uint32_t index;                /* in shard_room->members */
    uint32_t skip_bytes;           /* of what the room has gathered, so much came before the join */
    uint32_t skip_frames;          /* the same in frames */
    bool wants_users;              /* is owed a snapshot of the people here */
    bool shed;                     /* missed presence changes, because its ring was strained */
    struct hub_room *room;         /* borrowed until hub_leave; NULL: in no room */
};

/* What a delivery touches comes first, close together. */
struct session {
    struct shard *shard;        /* borrowed */
    const struct wire_ops *ops; /* borrowed, static */
    void *wire;                 /* borrowed */
    enum proto_version version;
    bool closing;
    struct member member;
    struct ring ring;
    struct session_id id;
    char *room_key;            /* owned: the room to join; NULL afterwards */
    struct username *username; /* owned; NULL until joined */
    struct limit bucket;
    uint16_t faults;  /* malformed requests in a row */
    uint16_t refused; /* requests over the rate limit in a row */
};

/* room_key: as room_name_make wrote it; copied. */
struct session *session_open(struct shard *shard, enum proto_version version,
                             const struct wire_ops *ops, void *wire, const char *room_key);

/* The connection is gone: leaves the room and frees the session. */
void session_end(struct session *s);

/* Registers the name (as it came from outside) in the session's room. What goes wrong is told to
 * the person and, if the protocol says so, closes the session. */
void session_join(struct session *s, const char *name, size_t length);

/* The wire calls these: one complete text message; the time to join is over; the ring ran empty. */
void session_receive(struct session *s, const char *bytes, size_t length);
void session_join_timeout(struct session *s);
void session_drained(struct session *s);

/* Queues the range (its reference stays the caller's). A session whose ring is full is closed with
 * 1013, its waiting frames dropped. */
void session_send(struct session *s, const struct range *range);

/* The same with a segment that holds one frame. */
void session_send_frame(struct session *s, struct segment *frame);

/* The same past the ring's limits, for a snapshot that may be larger than they are. The caller sees to it
 * that the ring is not strained. */
void session_send_snapshot(struct session *s, struct segment *frame);

/* An error frame that leaves the session open. */
void session_error(struct session *s, const char *text);

/* Leaves the room at once; what waits is still sent, then the CLOSE frame. */
void session_close(struct session *s, enum close_code code, const char *reason);

/* An error frame, then session_close. */
void session_fail(struct session *s, enum close_code code, const char *text);

static inline bool session_is_joined(const struct session *s)
{
    return s->member.room != NULL;
}

#endif
