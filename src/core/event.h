/* event - something that happened in a room, on its way from the journal or the hub to the workers.
 * Threads:    any once posted: all fields are const then and the count is atomic. Before that whoever
 *             holds it: the worker that made it, then the journal, then the hub.
 * Owns:       its references to usernames, its state, its query. A constructor returns one reference.
 * Invariant:  a durable event has a seq and an id when it is posted; nobody writes afterwards, but for
 *             the cached text (event_cache).
 * Fails:      constructors return NULL when memory is short. */
#ifndef HUBBUB_CORE_EVENT_H
#define HUBBUB_CORE_EVENT_H

#include "base/err.h"
#include "core/message_id.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hub_room;
struct query;
struct username;

enum event_type {
    /* durable: stored by the journal before anybody sees them */
    EVENT_MESSAGE,
    EVENT_EDIT,
    EVENT_DELETE,
    EVENT_REACT,
    /* of the moment */
    EVENT_JOIN,
    EVENT_LEAVE,
    EVENT_USERS,
    EVENT_TYPING,
    /* for one session */
    EVENT_ANSWER,   /* the journal's answer to a query of the session */
    EVENT_REPLACED, /* its person has come back on another connection */
    EVENT_TYPES
};

static inline bool event_type_is_durable(enum event_type type)
{
    return type <= EVENT_REACT;
}

/* Names a session across threads, where a pointer would dangle. */
struct session_id {
    uint32_t worker;
    uint32_t slot;
    uint32_t generation; /* 0: nobody */
};

/* Why somebody left. */
enum leave_reason { LEAVE_QUIT, LEAVE_TIMEOUT, LEAVE_KICK, LEAVE_REPLACED };

/* Who reacted with what, in the order in which they did. */
struct reaction {
    char *emoji;      /* owned */
    char **usernames; /* owned array of owned texts */
    size_t count;
};

/* What became of a message: on messages out of the journal's pages, never on live ones. */
struct message_state {
    uint64_t edited_ts;         /* 0: never edited */
    bool is_deleted;            /* the body is then empty */
    struct reaction *reactions; /* owned array */
    size_t reaction_count;
};

enum { CID_MAX = 64 /* bytes */, EMOJI_MAX = 64 /* bytes */ };

/* The cid of an imported message begins with this, and the id that it had where it comes from follows. Clients cannot
 * send such a one, or they could pass a message off as one that is still to be imported. */
#define CID_OF_IMPORTS "import:"

/* What one message may have, because each page that it is on tells all of them. */
enum { MESSAGE_EMOJI_MAX = 50 /* different ones */, MESSAGE_REACTIONS_MAX = 1000 };

struct event {
    _Atomic uint32_t refs;
    enum event_type type;
    uint64_t room_id; /* the hub's, of this run */
    uint64_t ts;      /* Unix time, ms; never decreases within a room */
    uint64_t seq;     /* durable: its place in the room's log */
    struct message_id
        id; /* durable: of the message; of an edit, delete or react the one it is about */
    uint64_t reply_to; /* EVENT_MESSAGE: seq of the message it answers; 0: none */
    struct username
        *user; /* owned: who did it; NULL in EVENT_USERS, EVENT_ANSWER, EVENT_REPLACED */
    struct session_id origin; /* who asked and is to be answered; EVENT_JOIN: the session that is a
                                 member from here on; EVENT_ANSWER, _REPLACED: whom it is for */

    /* durable, on the way through the journal */
    struct hub_room *room; /* pinned; NULL after the hub has posted it */
    const char *room_key;  /* borrowed from room */
    char *cid;             /* owned, NUL-terminated; NULL: none */
    enum err outcome;      /* OK; else it was not stored, and only its origin hears of it */
    bool is_repeat; /* it was stored before under this cid (or changed nothing); seq, ts and id are
                              those of the first; only its origin hears of it */
    bool on;        /* EVENT_REACT: set or taken back; the emoji is the body */
    struct message_state *state; /* owned; NULL: as it was sent */
    _Atomic(char *) text;        /* owned; see event_cache */

    /* EVENT_JOIN, EVENT_LEAVE */
    uint32_t people; /* in the room afterwards */
    enum leave_reason reason;
    uint32_t place; /* EVENT_JOIN: which of its session's joinings it is */
    bool is_return; /* EVENT_JOIN: the person was here all the time, so nobody is told */

    /* EVENT_USERS; EVENT_JOIN of a version 2 session: what it is to be told of */
    struct username **users; /* owned array of owned references, in join order */
    size_t user_count;
    struct event **missed; /* owned array of owned references: EVENT_JOIN */
    size_t missed_count;

    struct query *query; /* owned: EVENT_ANSWER */

    size_t body_length;
    char body[]; /* UTF-8, NUL-terminated */
};

/* user may be NULL, else the event takes its own reference. */
struct event *event_make(enum event_type type, struct username *user);
/* The same with a body, which is copied. */
struct event *event_with_body(enum event_type type, struct username *user, const char *body,
                              size_t length);
/* An EVENT_ANSWER, still without its query; never NULL. */
struct event *event_make_answer(void);
/* Copies the cid; false when memory is short. */
MUST_USE bool event_set_cid(struct event *e, const char *cid, size_t length);
/* Makes room for capacity users; the caller fills users and user_count with references it took. */
MUST_USE bool event_reserve_users(struct event *e, size_t capacity);

/* Bytes of text that it tells, its reactions with it, as they are written: a control character has six. */
size_t event_text_size(const struct event *e);

/* The text that version 2 sends for it, made once and kept: the first caller's text is taken over (freed
 * if another one was faster). Returns what is kept, borrowed; NULL if text is NULL and nothing is kept. */
const char *event_cache(struct event *e, char *text);

struct event *event_ref(struct event *e);
/* Drops one reference and sets *e to NULL; NULL is allowed. */
void event_unref(struct event **e);

struct message_state *message_state_make(void);
void message_state_free(struct message_state *state); /* NULL is allowed */

#endif
