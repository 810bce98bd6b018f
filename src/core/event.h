/* event - something that happened in a room, on its way from the hub to the workers.
 * Threads:    any once posted: all fields are const then and the count is atomic.
 * Owns:       its references to usernames. A constructor returns one reference.
 * Invariant:  the hub fills room_id, ts and id before the first post; nobody writes
 *             afterwards.
 * Fails:      constructors return NULL when memory is short. */
#ifndef HUBBUB_CORE_EVENT_H
#define HUBBUB_CORE_EVENT_H

#include <stddef.h>
#include <stdint.h>

struct username;

enum event_type { EVENT_MESSAGE, EVENT_JOIN, EVENT_LEAVE, EVENT_USERS, EVENT_TYPES };

/* Names a session across threads, where a pointer would dangle. */
struct session_id {
    uint32_t worker;
    uint32_t slot;
    uint32_t generation; /* 0: nobody */
};

enum { EVENT_ID_SIZE = 32 };

struct event {
    _Atomic uint32_t refs;
    enum event_type type;
    uint64_t room_id;
    uint64_t ts;                /* Unix time, ms; never decreases within a room */
    struct username *user;      /* owned: who did it; NULL in EVENT_USERS */
    struct session_id admitted; /* EVENT_JOIN: the session that is a member from here on */
    struct username **users;    /* owned array of owned references: EVENT_USERS, in join order */
    size_t user_count;
    char id[EVENT_ID_SIZE]; /* EVENT_MESSAGE: unique, NUL-terminated */
    size_t body_length;
    char body[]; /* EVENT_MESSAGE: UTF-8, NUL-terminated */
};

/* user may be NULL, else the event takes its own reference. */
struct event *event_make(enum event_type type, struct username *user);
struct event *event_message(struct username *user, const char *body, size_t length);
/* Room for capacity users; the caller fills users and user_count with references it took. */
struct event *event_users(size_t capacity);

struct event *event_ref(struct event *e);
/* Drops one reference and sets *e to NULL; NULL is allowed. */
void event_unref(struct event **e);

#endif
