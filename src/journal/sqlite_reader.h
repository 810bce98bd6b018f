/* sqlite_reader - a thread with a connection of its own that answers questions about the past.
 * Threads:    reader_ask: any. Otherwise that of the journal's opening and stopping.
 * Owns:       its connection, its thread, and the questions that wait; an answered one is the listener's.
 * Invariant:  each question is answered once, if need be with what kept it from being. One for a head, which is one
 *             look-up and somebody's way into a room, is answered before all others that wait.
 * Fails:      reader_start: false after logging why. */
#ifndef HUBBUB_JOURNAL_SQLITE_READER_H
#define HUBBUB_JOURNAL_SQLITE_READER_H

#include "base/log.h"
#include "base/mailbox.h"
#include "core/ports.h"
#include "journal/bell.h"
#include "journal/sqlite_store.h"

#include <pthread.h>

/* What a reader needs of the journal; all borrowed. */
struct reader_host {
    const struct journal_listener *listener;
    const _Atomic bool *is_stopping; /* nobody waits for answers any more */
    struct log_limit *failures;
    int (*await_index)(void *arg, struct store *s); /* before a search: a result code */
    void (*note_damage)(void *arg, int code);       /* a search has met some */
    void *arg;
};

struct reader {
    const struct reader_host *host; /* borrowed */
    struct store *store;            /* owned, used by the thread */
    struct mailbox heads;           /* of queries for a head alone, owned while they wait */
    struct mailbox box;             /* of all others, likewise */
    struct bell bell;
    pthread_t thread;
    bool is_started;
    const struct query *query; /* borrowed, the thread's: what it answers now */
    uint64_t started_ms;       /* likewise: since when */
};

void reader_init(struct reader *r, const struct reader_host *host);
bool reader_start(struct reader *r, const char *path);
void reader_ask(struct reader *r, struct query *q);

/* Returns when it has ended, for which host->is_stopping has to be set. */
void reader_stop(struct reader *r);
void reader_destroy(struct reader *r);

#endif
