/* ports - what the core asks of the outside: the journal, which orders, stores and hands back.
 * Threads:    append, flush and ask: any worker's, never blocking. A journal calls its listener from one thread
 *             at a time for append's results (so their order is one), from any for answers.
 * Owns:       append takes its own reference of the event on OK, none otherwise. ask takes over the query.
 * Invariant:  what was committed is delivered in the journal's order; per room seq grows by one with each
 *             durable event, ts never decreases; epoch changes only if the log was lost.
 * Fails:      append: ERR_FULL when too much waits. What cannot be stored comes back to the listener with
 *             its outcome set; a query that cannot be answered with its own. */
#ifndef HUBBUB_CORE_PORTS_H
#define HUBBUB_CORE_PORTS_H

#include "base/err.h"
#include "core/event.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct journal;

/* What the log holds of a room at one moment. */
struct journal_head {
    uint64_t room;   /* the log's number for the room; 0: it has never had an event */
    uint64_t seq;    /* of the newest event; 0: none */
    uint64_t ts;     /* of the newest event */
    uint64_t oldest; /* seq of the oldest event that is still stored; seq + 1 if none is */
};

enum query_kind {
    QUERY_HEAD, /* the head alone */
    QUERY_EVENTS, /* all durable events after seq, in order, as they were, but that messages have their
                     current state */
    QUERY_PAGE,   /* messages in their current state, in order */
    QUERY_SEARCH, /* messages that have all words of text, newest first */
    QUERY_ROOMS,  /* the rooms that have events, those with the newest first */
    QUERY_KINDS
};

enum page_where {
    PAGE_LAST,   /* the newest */
    PAGE_BEFORE, /* the newest with a seq below seq */
    PAGE_AFTER,  /* the oldest with a seq above seq */
    PAGE_AROUND, /* half of them up to seq and with it, half above */
};

struct room_info {
    char *name;  /* owned: the room's key */
    char *topic; /* owned; "" if it has none */
    uint64_t seq, ts;
};

/* A question and, later, its answer. */
struct query {
    enum query_kind kind;
    struct session_id origin; /* whose question it is; for the listener */
    struct event *carrier;    /* owned: brings the answer to the asker, even if memory is short by
                                 then; for the listener, who takes it */
    unsigned purpose;         /* the asker's own */
    uint64_t asked_seq;       /* the asker's own */
    char *cid;                /* owned, the asker's own; may be NULL */
    struct query *next_asked; /* borrowed, the asker's own */
    /* Set by the asker, at any time: the answer has to come, but nobody reads it. */
    atomic_bool is_dropped;
    uint64_t asked_ms; /* the journal's own */
    char **rooms;      /* owned array of owned keys: one, or for QUERY_SEARCH any number (0: all) */
    size_t room_count;
    enum page_where where;
    uint64_t seq;
    struct message_id before; /* QUERY_SEARCH: only what is older than this message; epoch 0: all */
    char *text;               /* owned: QUERY_SEARCH, as the person typed it */
    uint32_t limit;           /* items at most */
    /* QUERY_EVENTS: if not all events after seq can be told, because there are more than limit or the oldest
     * are gone, more is set and none need be read. */
    bool wants_all;
    size_t
        bytes_max; /* text at most, as it is written; then more is set. QUERY_EVENTS keeps to it; others may bring more, but do
                         not fetch all that limit allows; 0: no limit */

    enum err outcome; /* not OK: nothing below is to be trusted. ERR_UNAVAILABLE, or ERR_FULL: it
                                 would take too long */
    struct journal_head head; /* of rooms[0]; of the same moment as the items */
    struct event **items;     /* owned array of owned references */
    char **item_rooms;        /* owned array of owned keys: QUERY_SEARCH, the room of each item */
    size_t item_count;
    bool more;               /* there are more items in that direction (PAGE_AROUND: below) */
    struct room_info *infos; /* owned: QUERY_ROOMS */
    size_t info_count;
};

/* room_key: NULL for none. Never NULL. */
struct query *query_make(enum query_kind kind, struct session_id origin, const char *room_key);
/* Adds one more room. */
void query_add_room(struct query *q, const char *room_key);
/* For the journal, which has set the head: the query wants all events and cannot have them. */
bool query_wants_too_much(const struct query *q);
/* Frees it with all it owns; NULL is allowed. */
void query_free(struct query *q);
/* For the journal: appends an item, taking over the reference (and, for a search, a copy of its room's
 * key); false when memory is short, the reference is then given back. */
MUST_USE bool query_add_item(struct query *q, struct event *item, const char *room_key);
/* For the journal: true if what it has brought from its item first on, which is so many bytes of text, is enough. */
bool query_has_enough(const struct query *q, size_t first, size_t bytes);
/* For the journal: true if there is no room for the item that it has added last, unless it is the first: that one is
 * given whatever its size, or nobody would get past it. *bytes: of the items so far; the item's are added. */
bool query_is_over(const struct query *q, size_t *bytes);
/* For the journal, which has found the newest item first: puts the items into their order. */
void query_reverse(struct query *q);
MUST_USE bool query_add_info(struct query *q, const char *name, const char *topic, uint64_t seq,
                             uint64_t ts);

struct journal_listener {
    /* Each event with its seq, ts, id, outcome and is_repeat set; borrowed for the call. */
    void (*committed)(void *arg, struct event *const *events, size_t count);
    /* The query is the listener's from here on. */
    void (*answered)(void *arg, struct query *q);
    void *arg; /* borrowed */
};

struct journal_ops {
    MUST_USE enum err (*append)(struct journal *j, struct event *e, uint64_t now_wall_ms);
    /* Whoever has appended calls it when it has no more for now, at the end of its turn: what comes together is
     * then stored, and goes out, together. */
    void (*flush)(struct journal *j);
    void (*ask)(struct journal *j, struct query *q);
    /* True if so much waits that senders should be held back. Lock-free. */
    bool (*is_strained)(const struct journal *j);
    /* False while the last attempt to store something failed. Lock-free. */
    bool (*is_available)(const struct journal *j);
    /* Stores all that waits and answers all questions (which then may not be answered well), then stops;
     * afterwards nothing may be appended or asked. Called before the listener's parts are taken down. */
    void (*stop)(struct journal *j);
    void (*destroy)(struct journal *j);
};

/* The first member of every implementation. */
struct journal {
    const struct journal_ops *ops; /* borrowed, static */
    struct journal_listener listener;
    uint64_t epoch;
};

#endif
