#include "journal/sqlite_reader.h"
#include "base/clock.h"
#include "journal/sqlite_read.h"
#include "journal/thread.h"

#include <stdatomic.h>

enum {
    QUERIES_MAX = 16384,   /* that wait */
    STEPS = 1000,          /* of SQLite's machine between two looks whether to break off */
    SEARCH_MAX_MS = 2000,  /* that a search may take, */
    SEARCH_SHARE_MS = 250, /* while others wait */
    SEARCH_WAIT_MS =
        5000, /* that it may wait for its turn; by then somebody has asked for too much */
    LOG_INTERVAL_MS = 10000,
};

static bool is_stopping(const struct reader *r)
{
    return atomic_load_explicit(r->host->is_stopping, memory_order_relaxed);
}

/* A search for many short beginnings of words may take any time, and there is one thread for all. */
static bool is_too_long(const struct reader *r)
{
    bool others_wait = atomic_load_explicit(&r->box.waiting, memory_order_relaxed) > 1;

    return r->query->kind == QUERY_SEARCH &&
           clock_mono_ms() > r->started_ms + (others_wait ? SEARCH_SHARE_MS : SEARCH_MAX_MS);
}

/* SQLite calls it now and then in a long query. At the end nobody waits for answers any more. */
static int must_break_off(void *arg)
{
    const struct reader *r = arg;

    return is_stopping(r) || atomic_load_explicit(&r->query->is_dropped, memory_order_relaxed) ||
           is_too_long(r);
}

static int find_answer(struct reader *r, struct query *q)
{
    int rc = SQLITE_OK;

    r->query = q;
    r->started_ms = clock_mono_ms();
    if (q->kind == QUERY_SEARCH) {
        if (r->started_ms > q->asked_ms + SEARCH_WAIT_MS)
            return SQLITE_INTERRUPT;
        rc = r->host->await_index(r->host->arg, r->store);
        r->started_ms = clock_mono_ms();
    }
    if (rc == SQLITE_OK && must_break_off(r))
        rc = SQLITE_INTERRUPT;
    return rc == SQLITE_OK ? read_query(r->store, q) : rc;
}

static void answer(struct reader *r, struct query *q)
{
    const struct reader_host *host = r->host;
    int rc = find_answer(r, q);
    uint64_t suppressed;

    if (rc != SQLITE_OK)
        q->outcome = rc == SQLITE_INTERRUPT ? ERR_FULL : ERR_UNAVAILABLE;
    if (rc != SQLITE_OK && rc != SQLITE_INTERRUPT &&
        log_limit_pass(host->failures, clock_mono_ms(), LOG_INTERVAL_MS, &suppressed))
        store_log_failure(r->store, "journal_read_failed", rc);
    if (q->kind == QUERY_SEARCH && (rc & 0xff) == SQLITE_CORRUPT)
        host->note_damage(host->arg, rc);
    host->listener->answered(host->listener->arg, q);
}

/* Returns how many there were. */
static size_t answer_heads(struct reader *r)
{
    void **items;
    size_t count = mailbox_take(&r->heads, &items);

    for (size_t i = 0; i < count; i++) {
        answer(r, items[i]);
        mailbox_done(&r->heads, 1);
    }
    return count;
}

static void *read_until_stopped(void *arg)
{
    struct reader *r = arg;

    for (;;) {
        bool is_stopping = atomic_load(r->host->is_stopping);
        void **items;
        size_t heads = answer_heads(r), count = mailbox_take(&r->box, &items);

        if (heads + count == 0 && is_stopping)
            return NULL;
        if (heads + count == 0)
            bell_wait(&r->bell, BELL_FOREVER);
        for (size_t i = 0; i < count; i++) {
            answer(r, items[i]);
            mailbox_done(&r->box, 1);
            answer_heads(r);
        }
    }
}

void reader_ask(struct reader *r, struct query *q)
{
    struct mailbox *box = q->kind == QUERY_HEAD ? &r->heads : &r->box;

    q->asked_ms = clock_mono_ms();
    if (mailbox_is_full(box)) {
        q->outcome = ERR_UNAVAILABLE;
        r->host->listener->answered(r->host->listener->arg, q);
    } else if (mailbox_post(box, q)) {
        mailbox_wake(box);
    }
}

/* ---- its beginning and end ---- */

void reader_init(struct reader *r, const struct reader_host *host)
{
    r->host = host;
    bell_init(&r->bell);
    mailbox_init(&r->heads, QUERIES_MAX, bell_ring, &r->bell);
    mailbox_init(&r->box, QUERIES_MAX, bell_ring, &r->bell);
}

bool reader_start(struct reader *r, const char *path)
{
    r->store = store_open(path, STORE_BESIDE, false);
    if (r->store == NULL)
        return false;
    sqlite3_progress_handler(r->store->db, STEPS, must_break_off, r);
    r->is_started = thread_start(&r->thread, read_until_stopped, r);
    return r->is_started;
}

void reader_stop(struct reader *r)
{
    bell_ring(&r->bell);
    if (r->is_started)
        pthread_join(r->thread, NULL);
    r->is_started = false;
}

void reader_destroy(struct reader *r)
{
    store_close(r->store);
    mailbox_destroy(&r->heads);
    mailbox_destroy(&r->box);
    bell_destroy(&r->bell);
}
