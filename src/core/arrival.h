/* arrival - how a session comes into a room: it asks for the head of the log if the room is new, for what
 * it missed, then joins; from then on live events follow what it was told without a gap.
 * Threads:    one, its session's worker.
 * Owns:       struct arrival, from the request until EVENT_JOIN came through; it belongs to its place.
 * Invariant:  reading the log comes first and joining last, so nothing has to be held back meanwhile: what
 *             is committed between the two comes out of the room's tail, under the hub's lock.
 * Fails:      a refused first room ends the session, a refused later one is only told. */
#ifndef HUBBUB_CORE_ARRIVAL_H
#define HUBBUB_CORE_ARRIVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event;
struct place;
struct query;
struct request_text;
struct session;
struct shard;

struct arrival_wish {
    const char *cid;      /* NULL: none */
    bool has_since;       /* wants all durable events after since... */
    uint64_t since_epoch; /* ...of this log */
    uint64_t since;
    uint32_t last; /* else the newest so many messages */
};

/* Signs the session in under the name, as it came from outside. key: the secret of an earlier connection, or
 * NULL; cid: of the request, or NULL. False after telling the person why not, and closing the session. */
bool arrival_sign_in(struct session *s, const struct request_text *name,
                     const struct request_text *key, const char *cid);

/* Asks for a place in the room; the session is signed in. wish may be NULL. */
void arrival_begin(struct session *s, const char *room_key, const struct arrival_wish *wish);

/* The journal has answered a question of the arrival; may take over the query of e. */
void arrival_answered(struct session *s, struct event *e);

/* EVENT_JOIN came through: tells the session, which is a member now. */
void arrival_complete(struct place *p, struct event *joined);

/* A turn of the loop is over: some of those in shard->returning go on. */
void arrival_next_turn(struct shard *shard);

void arrival_free(struct place *p);

#endif
