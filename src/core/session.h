/* session - who one WebSocket connection is: its name, its places in rooms, the frames that wait for it.
 * Threads:    one, its worker's.
 * Owns:       its ring, its name and its places. Borrows its shard and its wire, which outlive it.
 * Invariant:  a session that is closing has no place, and the last frame in its ring is its CLOSE
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

struct arrival;
struct hub_room;
struct query;
struct segment;
struct shard;
struct shard_room;
struct username;

/* Of the large answers that a client has asked for: while there is one that it has not read, nothing more may be read
 * from it. */
enum unread { NOTHING_UNREAD, ANSWER_SENT, ANSWER_STUCK /* more than the socket took at once */ };

/* What a session asks of the connection that carries it. */
struct wire_ops {
    /* Frames wait in the ring, or session_is_busy may have ended: send them at the end of this turn of the loop,
     * and perhaps read on. */
    void (*want_write)(void *wire);
    /* Nothing more can be sent: cut the connection, later, not under the caller's feet. */
    void (*abort)(void *wire);
};

/* A session's place in a room, from the moment it asks for it. */
struct place {
    struct session *session;       /* borrowed */
    struct hub_room *room;         /* pinned */
    struct shard_room *shard_room; /* borrowed; NULL until EVENT_JOIN came through */
    struct arrival *arrival;       /* owned; NULL once it is a member (core/arrival.h) */
    struct place *next;
    uint32_t typed_ms; /* when the session last was passed on as typing, modulo 2^32; 0: never */
    uint32_t index;    /* in shard_room->members */
    uint32_t number;   /* tells this joining of the session from its others */
    bool is_counted;   /* hub_join said yes, so hub_leave is due */
    bool wants_users;  /* is owed a snapshot of the people here */
    bool shed;         /* missed presence changes, because its ring was strained */
};

/* What a delivery touches comes first, close together: it is in no cache any more after a pause. There is one for
 * each connection, so it is kept small. */
struct session {
    struct ring ring;
    struct shard *shard;        /* borrowed */
    const struct wire_ops *ops; /* borrowed, static */
    void *wire;                 /* borrowed */
    uint8_t version;            /* enum proto_version */
    bool closing;
    uint8_t questions;    /* that the journal has not answered */
    uint8_t faults;       /* malformed requests in a row */
    uint8_t refused;      /* requests over the rate limit in a row */
    unsigned unread : 2;  /* enum unread */
    bool was_in : 1;      /* has been let into a room */
    bool has_shed : 1;    /* a place of it has missed presence changes */
    uint16_t unread_kib;  /* of its large answers, which the shard counts until all are read */
    struct place *places; /* owned; version 1 has one at most */
    struct query *asked;  /* borrowed: what the journal has not answered, linked by next_asked */
    struct session_id id;
    uint32_t last_place;       /* number of the newest place */
    char *room_key;            /* owned: version 1, the room to join; NULL afterwards */
    struct username *username; /* owned; NULL until signed in */
    char *key;                 /* owned: the secret that proves the name is ours; version 2 */
    struct limit bucket;
};

/* s: zeroed memory of the wire, which stays the wire's. room_key: the room that version 1 joins, as
 * room_name_make wrote it; copied. Version 2 is greeted. */
void session_open(struct session *s, struct shard *shard, enum proto_version version,
                  const struct wire_ops *ops, void *wire, const char *room_key);

/* Version 1: joins its room under the name, as it came from outside. */
void session_join(struct session *s, const char *name, size_t length);

/* The connection is gone: leaves all rooms, and the session is no more. is_clean: the peer had said so, so its
 * name is not held for it. */
void session_end(struct session *s, bool is_clean);

/* The wire calls these: one complete text message; the time to join is over; it will send, or has
 * sent, what the ring had. is_choked: it keeps some of what has left the ring, because the peer does not take it. */
void session_receive(struct session *s, const char *bytes, size_t length);
void session_join_timeout(struct session *s);
void session_flushed(struct session *s, bool is_choked);

/* True while nothing should be read from it: it waits for its place in a room or for answers, or does not
 * read what it is sent. */
bool session_is_busy(const struct session *s);

/* True if that is not for the client to end: it waits for its place in a room or for answers. */
bool session_is_owed(const struct session *s);

/* Queues the range (its reference stays the caller's). A session whose ring is full is closed with
 * 1013, its waiting frames dropped. */
void session_send(struct session *s, const struct range *range);

/* The same with a segment that holds one frame. */
void session_send_frame(struct session *s, struct segment *frame);

/* The same for a frame that may be larger than the ring's limits and cannot be left out: it does not count for
 * them, so what follows it has the room that it would have without it. The caller sees to it that there are few. */
void session_send_large(struct session *s, struct segment *frame);

/* Queues what encode writes about what; a session for which there is no memory is closed. */
void session_answer(struct session *s, enum err (*encode)(struct segment *, const void *),
                    const void *what);

/* The same for what may have brought a lot of the past: that is paid for, like the messages that it would have been. */
void session_answer_paid(struct session *s, enum err (*encode)(struct segment *, const void *),
                         const void *what);

/* An error frame that leaves the session open. */
void session_refuse(struct session *s, const struct refusal *why);

/* Leaves all rooms at once; what waits is still sent, then the CLOSE frame. */
void session_close(struct session *s, enum close_code code, const char *reason);

/* An error frame, then session_close. */
void session_fail(struct session *s, enum close_code code, const struct refusal *why);

/* ---- questions ---- */

/* The journal gets the question; when the session ends before the answer came, the journal is told that nobody
 * waits for it. */
void session_ask(struct session *s, struct query *q);
/* The answer came. */
void session_answered(struct session *s, const struct query *q);

/* ---- places ---- */

struct place *session_find_place(const struct session *s, const char *room_key);
struct place *session_place_by_number(const struct session *s, uint32_t number);

/* Gives the place up; if it is counted, reason tells the others why. */
void session_drop_place(struct place *p, enum leave_reason reason);

static inline bool place_is_member(const struct place *p)
{
    return p->shard_room != NULL;
}

#endif
