/* proto_v2 - what version 2 answers to one session; its events are in its row of protos.
 * Threads:    any.
 * Owns:       nothing; what is passed is borrowed for the call.
 * Invariant:  each function is an encoder for session_answer: it takes the struct that its name says.
 * Fails:      ERR_NOMEM when memory is short, with the segment unchanged. */
#ifndef HUBBUB_CORE_PROTO_V2_H
#define HUBBUB_CORE_PROTO_V2_H

#include "core/ports.h"
#include "core/proto.h"

struct rules;

enum err v2_hello(struct segment *into, const void *rules);

struct v2_joined {
    const char *cid, *room, *key;
    const struct username *user;
    uint64_t epoch;
    bool is_recovered;
    struct event *const *stored; /* out of the journal, before what the event brings */
    size_t stored_count;
    struct event *event; /* EVENT_JOIN: its seq, people and missed events */
};
enum err v2_joined(struct segment *into, const void *joined);

struct v2_reply {
    const char *type; /* "left" or "pong" */
    const char *cid, *room;
    uint64_t ts; /* 0: none */
};
enum err v2_reply(struct segment *into, const void *reply);

struct v2_ack {
    const struct event *event;
    const char *room;
};
enum err v2_ack(struct segment *into, const void *ack);

struct v2_users {
    const struct event *event; /* EVENT_USERS */
    const char *cid, *room;
};
enum err v2_users(struct segment *into, const void *users);

struct v2_rooms {
    const char *cid;
    const struct v2_room {
        const char *name, *topic;
        uint64_t seq;
        uint32_t members;
    } * rooms;
    size_t count;
};
enum err v2_rooms(struct segment *into, const void *rooms);

struct v2_page {
    const struct query *query; /* answered: QUERY_PAGE or QUERY_SEARCH */
    uint64_t epoch;
};
enum err v2_history(struct segment *into, const void *page);
enum err v2_search(struct segment *into, const void *page);

#endif
