/* A journal with a listener that remembers, for unit tests. Every wait has a deadline; asserts are for the
 * test's own thread. */
#ifndef HUBBUB_TEST_JOURNAL_RIG_H
#define HUBBUB_TEST_JOURNAL_RIG_H

#include "core/name.h"
#include "core/ports.h"
#include "unit/journal_contract.h"

#include <pthread.h>

/* What the listener was told of one event. */
struct result {
    struct event *event; /* owned by the rig */
    const char *room;    /* what its room_key was */
    uint64_t seq, ts;
    struct message_id id;
    enum err outcome;
    bool is_repeat;
};

struct journal_rig {
    const struct journal_factory *factory; /* borrowed */
    struct journal *journal;
    bool is_stopped;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct result *results;        /* owned [lock], in the order of the calls */
    size_t count;                  /* [lock] */
    struct query **answers;        /* owned [lock]; what ask has returned is NULL */
    size_t answer_count;           /* [lock] */
    size_t wanted, answers_wanted; /* [lock] how many of both the test waits for */
    _Atomic int inside;            /* calls of committed at this moment */
    _Atomic int overlaps;          /* calls that came while another one ran */
    uint64_t now;                  /* what the clock says */
    struct username *ann, *ann_in_capitals, *bob, *eve; /* owned */
};

void journal_rig_open(struct journal_rig *r, const struct journal_factory *factory);
void journal_rig_reopen(struct journal_rig *r);
void journal_rig_stop(struct journal_rig *r);
void journal_rig_close(struct journal_rig *r);

struct username *rig_user(const char *text);
struct event *rig_message(const char *room, struct username *user, const char *body);
struct event *rig_with_cid(struct event *e, const char *cid);
struct event *rig_reply(struct event *e, uint64_t seq);
/* An edit, delete or react (then with what the emoji is to be). */
struct event *rig_about(enum event_type type, const char *room, struct username *user,
                        struct message_id id, const char *body);
struct event *rig_react(const char *room, struct username *user, struct message_id id,
                        const char *emoji, bool on);

/* Appends and does not wait; takes over the reference. Any thread; false: it was not taken. */
bool rig_post(struct journal_rig *r, struct event *e);
/* Appends, taking over the reference, waits for what comes of it and returns that. */
struct result rig_send(struct journal_rig *r, struct event *e);
/* The same, and it must have been stored, or refused, or a repeat. */
struct result rig_keep(struct journal_rig *r, struct event *e);
void rig_refuse(struct journal_rig *r, struct event *e, enum err outcome);
struct result rig_repeat(struct journal_rig *r, struct event *e);
/* Until so many events have come back. */
void rig_await(struct journal_rig *r, size_t count);

/* Asks and waits; the answer is the same query, and the caller's. */
struct query *rig_ask(struct journal_rig *r, struct query *q);
struct query *rig_events(struct journal_rig *r, const char *room, uint64_t since);
struct query *rig_page(struct journal_rig *r, const char *room, enum page_where where, uint64_t seq,
                       uint32_t limit);
struct query *rig_search(struct journal_rig *r, const char *room, const char *text, uint32_t limit);
struct journal_head rig_head(struct journal_rig *r, const char *room);

/* "5 hello [edited] [deleted] {x: ann bob} {y: eve}"; valid until the fourth call from now. */
const char *rig_tell(const struct event *e);

#endif
