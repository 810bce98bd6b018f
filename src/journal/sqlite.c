#include "journal/sqlite.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mailbox.h"
#include "base/mem.h"
#include "journal/bell.h"
#include "journal/sqlite_append.h"
#include "journal/sqlite_index.h"
#include "journal/sqlite_reader.h"
#include "journal/sqlite_retention.h"
#include "journal/sqlite_store.h"
#include "journal/thread.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

enum {
    APPENDS_MAX = 65536, /* that wait */
    BATCH_MAX = 4096,    /* events in a transaction */
    PROBE_MS = 1000,     /* how often a journal that failed tries again without being asked */
    CALM_MS =
        5000, /* without a failure, and it is over: a full disk may still take what is small */
    SEARCH_PATIENCE_MS = 250,  /* that a search waits for another program's lock */
    INDEX_REST_MS = 200,       /* without work, and the index of words is brought up to date */
    REMOVALS_IDLE = 256,       /* events that retention removes in a step */
    WALK_REST_MS = 5000,       /* between two walks of retention at least */
    WALK_REST_FACTOR = 50,     /* and so many times what the last one took, */
    WALK_REST_MAX_MS = 600000, /* but that at most: the first walk of a large file takes long */
    WALK_RETRY_MS = 1000,      /* after a failure, such as another program's lock */
    MEND_REST_MS = 60000,      /* from making the index of words anew to the next time at least */
    LOG_INTERVAL_MS = 10000,
};

/* Searches take long when a word is in a great many messages; pages do not wait for them. */
enum { READER_PAGES, READER_SEARCH, READERS };

struct sqlite_journal {
    struct journal base;
    struct store *store;        /* owned, used by the writer's thread */
    struct appender appender;   /* likewise */
    struct retention retention; /* likewise */
    uint64_t walk_started_ms, next_walk_ms;
    struct event *batch[BATCH_MAX]; /* likewise */
    struct mailbox box;             /* of events, a reference each */
    struct bell bell;
    pthread_t thread;
    bool is_started;
    struct reader_host host;
    struct reader readers[READERS];
    uint64_t next_index_ms;           /* likewise: not before, after a failure */
    bool is_in_trouble;               /* likewise: said in the log, and not taken back */
    bool has_failed;                  /* likewise: the last attempt */
    uint64_t failed_ms;               /* likewise: when it failed last */
    struct log_limit upkeep_failures; /* likewise */
    int index_outcome; /* of the last append_index, a result code, for who waits for caught_up */
    uint64_t next_mend_ms, mend_rest_ms; /* likewise */
    _Atomic int search_failure;  /* the damage that READER_SEARCH has met; SQLITE_OK: none */
    struct bell caught_up;       /* rung by the writer when it has done as is_index_asked says */
    _Atomic bool is_index_asked; /* by READER_SEARCH: what is stored has to be in the index */
    struct log_limit read_failures;
    _Atomic bool owes_wake; /* something was put into the empty box, and its owner not woken yet */
    _Atomic bool is_stopping;
    _Atomic bool is_available;
};

/* ---- writing ---- */

/* Of what has to work: a message, or a probe that is as large as one. */
static void note_outcome(struct sqlite_journal *j, int rc)
{
    j->has_failed = rc != SQLITE_OK;
    if (rc != SQLITE_OK) {
        atomic_store(&j->is_available, false);
        j->failed_ms = clock_mono_ms();
        if (!j->is_in_trouble)
            store_log_failure(j->store, "journal_unavailable", rc);
        j->is_in_trouble = true;
    } else if (j->is_in_trouble && clock_mono_ms() >= j->failed_ms + CALM_MS) {
        j->is_in_trouble = false;
        atomic_store(&j->is_available, true);
        log_info("journal_available", "reason=\"storing works again\"");
    }
}

static int store_batch(struct sqlite_journal *j, size_t count)
{
    int rc = append_begin(&j->appender);

    if (rc != SQLITE_OK)
        return rc;
    for (size_t i = 0; i < count && rc == SQLITE_OK; i++)
        rc = append_event(&j->appender, j->batch[i]);
    if (rc == SQLITE_OK)
        return append_commit(&j->appender);
    append_rollback(&j->appender);
    return rc;
}

static void mark_failed(struct event *e)
{
    e->outcome = ERR_UNAVAILABLE;
    e->is_repeat = false;
    e->seq = 0;
    if (e->type == EVENT_MESSAGE)
        e->id = (struct message_id){.seq = 0};
}

/* At the end one failure is enough: each may take as long as a lock is waited for. */
static bool is_hopeless(const struct sqlite_journal *j)
{
    return atomic_load(&j->is_stopping) && j->has_failed;
}

/* Each time twice as long: on a disk that goes on damaging it, people are not to wait again and again. */
static void rest_from_mending(struct sqlite_journal *j)
{
    j->mend_rest_ms = j->mend_rest_ms == 0 ? MEND_REST_MS : j->mend_rest_ms * 2;
    j->next_mend_ms = clock_mono_ms() + j->mend_rest_ms;
}

/* True if rc is that of a damaged index of words, and there is a new one now: what failed may be tried again. The
 * index can be had from the messages at any time, so nothing that is done to them may fail because of it. */
static bool mend_index(struct sqlite_journal *j, int rc)
{
    if ((rc & 0xff) != SQLITE_CORRUPT || clock_mono_ms() < j->next_mend_ms)
        return false;
    if (rc != SQLITE_CORRUPT_VTAB && !index_is_damaged(j->store)) { /* something else is */
        rest_from_mending(j);
        return false;
    }
    store_log_failure(j->store, "journal_index_damaged", SQLITE_CORRUPT_VTAB);
    store_set_patience(j->store, STORE_PATIENCE_MS);
    rc = append_index_anew(&j->appender);
    rest_from_mending(j);
    if (rc == SQLITE_OK)
        log_info("journal_index_mended", "reason=\"it was made anew from the messages\"");
    else
        store_log_failure(j->store, "journal_upkeep_failed", rc);
    return rc == SQLITE_OK;
}

static void write_batch(struct sqlite_journal *j, void **items, size_t count)
{
    int rc = SQLITE_ABORT;

    for (size_t i = 0; i < count; i++)
        j->batch[i] = items[i];
    if (!is_hopeless(j)) {
        rc = store_batch(j, count);
        if (mend_index(j, rc))
            rc = store_batch(j, count);
        note_outcome(j, rc);
    }
    for (size_t i = 0; i < count && rc != SQLITE_OK; i++)
        mark_failed(j->batch[i]);
    j->base.listener.committed(j->base.listener.arg, j->batch, count);
    for (size_t i = 0; i < count; i++)
        event_unref(&j->batch[i]);
    mailbox_done(&j->box, count);
}

/* ---- between the batches ---- */

static bool walk_is_due(const struct sqlite_journal *j)
{
    return retention_is_on(&j->retention) && clock_mono_ms() >= j->next_walk_ms;
}

/* What can be done later does not wait for another program's lock, in front of messages that may come; nor
 * does its failure mean that messages cannot be stored. */
static void begin_upkeep(struct sqlite_journal *j, int busy_ms)
{
    store_set_patience(j->store, busy_ms);
}

static void end_upkeep(struct sqlite_journal *j, int rc)
{
    uint64_t suppressed;

    store_set_patience(j->store, STORE_PATIENCE_MS);
    if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_BUSY &&
        log_limit_pass(&j->upkeep_failures, clock_mono_ms(), LOG_INTERVAL_MS, &suppressed))
        store_log_failure(j->store, "journal_upkeep_failed", rc);
}

/* A step of the walk over all rooms, or what ends it: the walks take a small part of the time. */
static void walk(struct sqlite_journal *j, unsigned removals)
{
    bool is_done = false;
    int rc;

    if (j->walk_started_ms == 0)
        j->walk_started_ms = clock_mono_ms();
    begin_upkeep(j, 0);
    rc = retention_step(&j->retention, j->store, clock_wall_ms(), removals, &is_done);
    if (mend_index(j, rc))
        rc = SQLITE_OK; /* the next step finds out */
    end_upkeep(j, rc);
    if (rc != SQLITE_OK) {
        j->next_walk_ms = clock_mono_ms() + WALK_RETRY_MS;
        j->walk_started_ms = 0;
    } else if (is_done) {
        uint64_t now = clock_mono_ms();
        uint64_t rest = WALK_REST_MS + WALK_REST_FACTOR * (now - j->walk_started_ms);

        j->next_walk_ms = now + (rest < WALK_REST_MAX_MS ? rest : WALK_REST_MAX_MS);
        j->walk_started_ms = 0;
    }
}

/* Whether storing works again is not known before it is tried, with as much as a large message. */
static int probe(struct appender *a)
{
    int rc = append_begin(a); /* which sees whether others have stored meanwhile */

    if (rc != SQLITE_OK)
        return rc;
    rc = store_run(a->store, SQL_PROBE_ADD, "");
    if (rc == SQLITE_OK)
        rc = store_run(a->store, SQL_PROBE_REMOVE, "");
    if (rc == SQLITE_OK)
        return append_commit(a);
    append_rollback(a);
    return rc;
}

static int64_t until_walk(const struct sqlite_journal *j)
{
    uint64_t now = clock_mono_ms();

    if (!retention_is_on(&j->retention))
        return BELL_FOREVER;
    return now < j->next_walk_ms ? (int64_t)(j->next_walk_ms - now) : 0;
}

static int bring_index_up(struct sqlite_journal *j, int busy_ms)
{
    int rc;

    begin_upkeep(j, busy_ms);
    rc = append_index(&j->appender);
    if (mend_index(j, rc))
        rc = append_index(&j->appender);
    end_upkeep(j, rc);
    if (rc != SQLITE_OK)
        j->next_index_ms = clock_mono_ms() + CALM_MS;
    return rc;
}

static bool index_may_be_due(const struct sqlite_journal *j)
{
    return j->appender.unindexed > 0 && clock_mono_ms() >= j->next_index_ms;
}

static void wait_for_work(struct sqlite_journal *j)
{
    int64_t pause = until_walk(j);

    if (j->is_in_trouble) {
        if (!bell_wait(&j->bell, PROBE_MS))
            note_outcome(j, probe(&j->appender));
    } else if (pause == 0) {
        walk(j, REMOVALS_IDLE);
    } else if (index_may_be_due(j) && (pause < 0 || pause > INDEX_REST_MS)) {
        if (!bell_wait(&j->bell, INDEX_REST_MS))
            (void)bring_index_up(j, 0);
    } else {
        bell_wait(&j->bell, pause);
    }
}

static void serve_search(struct sqlite_journal *j)
{
    (void)mend_index(j, atomic_exchange(&j->search_failure, SQLITE_OK));
    if (!atomic_exchange(&j->is_index_asked, false))
        return;
    j->index_outcome = bring_index_up(j, SEARCH_PATIENCE_MS);
    bell_ring(&j->caught_up);
}

static void *write_until_stopped(void *arg)
{
    struct sqlite_journal *j = arg;

    for (;;) {
        bool is_stopping = atomic_load(&j->is_stopping); /* before the box is looked at */
        void **items;
        size_t count = mailbox_take(&j->box, &items);

        if (count == 0 && is_stopping)
            return NULL;
        serve_search(j);
        if (count == 0)
            wait_for_work(j);
        for (size_t i = 0; i < count; i += BATCH_MAX) {
            size_t n = count - i < BATCH_MAX ? count - i : BATCH_MAX;

            write_batch(j, items + i, n);
            if (append_index_is_due(&j->appender) && index_may_be_due(j))
                (void)bring_index_up(j, 0);
            if (walk_is_due(j) && atomic_load(&j->is_available))
                walk(j, REMOVALS_IDLE + 2 * (unsigned)n); /* it must gain on the senders */
        }
    }
}

static enum err journal_append(struct journal *base, struct event *e, uint64_t now_wall_ms)
{
    struct sqlite_journal *j = (struct sqlite_journal *)base;

    if (mailbox_is_full(&j->box))
        return ERR_FULL;
    e->ts = now_wall_ms;
    if (mailbox_post(&j->box, event_ref(e)))
        atomic_store(&j->owes_wake, true);
    return OK;
}

static void journal_flush(struct journal *base)
{
    struct sqlite_journal *j = (struct sqlite_journal *)base;

    if (atomic_load_explicit(&j->owes_wake, memory_order_relaxed) &&
        atomic_exchange(&j->owes_wake, false))
        mailbox_wake(&j->box);
}

/* ---- reading ---- */

/* Returns when the words of all that is stored are in the index. */
static int await_index(void *arg, struct store *s)
{
    struct sqlite_journal *j = arg;
    int64_t debt = 0;
    int rc = index_debt(s, &debt);

    if (rc != SQLITE_OK || debt == 0)
        return rc;
    if (atomic_load(&j->is_stopping))
        return SQLITE_INTERRUPT; /* the writer may be gone, and its last ring with the search before */
    atomic_store(&j->is_index_asked, true);
    bell_ring(&j->bell);
    bell_wait(&j->caught_up, BELL_FOREVER);
    return atomic_load(&j->is_stopping) ? SQLITE_INTERRUPT : j->index_outcome;
}

static void note_damage(void *arg, int code)
{
    struct sqlite_journal *j = arg;

    atomic_store(&j->search_failure, code);
    bell_ring(&j->bell);
}

static void journal_ask(struct journal *base, struct query *q)
{
    struct sqlite_journal *j = (struct sqlite_journal *)base;

    reader_ask(&j->readers[q->kind == QUERY_SEARCH ? READER_SEARCH : READER_PAGES], q);
}

/* ---- state ---- */

static bool journal_is_strained(const struct journal *base)
{
    return mailbox_is_strained(&((const struct sqlite_journal *)base)->box);
}

static bool journal_is_available(const struct journal *base)
{
    return atomic_load_explicit(&((const struct sqlite_journal *)base)->is_available,
                                memory_order_relaxed);
}

static void journal_stop(struct journal *base)
{
    struct sqlite_journal *j = (struct sqlite_journal *)base;

    atomic_store(&j->is_stopping, true);
    bell_ring(&j->bell);
    if (j->is_started)
        pthread_join(j->thread, NULL);
    j->is_started = false;
    bell_ring(&j->caught_up); /* nobody else does any more */
    for (int i = 0; i < READERS; i++)
        reader_stop(&j->readers[i]);
}

/* The writer's connection is closed last, so that it can put the log back into the file. */
static void journal_destroy(struct journal *base)
{
    struct sqlite_journal *j = (struct sqlite_journal *)base;

    journal_stop(base);
    for (int i = 0; i < READERS; i++)
        reader_destroy(&j->readers[i]);
    append_end(&j->appender);
    store_close(j->store);
    mailbox_destroy(&j->box);
    bell_destroy(&j->bell);
    bell_destroy(&j->caught_up);
    mem_free(j);
}

static const struct journal_ops ops = {
    .append = journal_append,
    .flush = journal_flush,
    .ask = journal_ask,
    .is_strained = journal_is_strained,
    .is_available = journal_is_available,
    .stop = journal_stop,
    .destroy = journal_destroy,
};

/* ---- opening ---- */

struct journal *sqlite_journal_open(const struct sqlite_config *config,
                                    const struct journal_listener *listener)
{
    struct store *store = store_open(config->path, STORE_SERVE, config->is_full);
    struct sqlite_journal *j;
    bool is_fine = true;

    if (store == NULL)
        return NULL;
    j = mem_alloc(sizeof *j);
    j->base = (struct journal){.ops = &ops, .listener = *listener, .epoch = store->epoch};
    j->store = store;
    j->appender.store = store;
    (void)index_debt(store, &j->appender.unindexed); /* if it fails, a search tells */
    j->retention =
        (struct retention){.max_age_ms = config->max_age_ms, .max_events = config->max_events};
    j->is_available = true;
    bell_init(&j->bell);
    bell_init(&j->caught_up);
    mailbox_init(&j->box, APPENDS_MAX, bell_ring, &j->bell);
    j->host = (struct reader_host){.listener = &j->base.listener,
                                   .is_stopping = &j->is_stopping,
                                   .failures = &j->read_failures,
                                   .await_index = await_index,
                                   .note_damage = note_damage,
                                   .arg = j};
    for (int i = 0; i < READERS; i++)
        reader_init(&j->readers[i], &j->host);
    for (int i = 0; i < READERS && is_fine; i++)
        is_fine = reader_start(&j->readers[i], store->path);
    if (is_fine) {
        j->is_started = thread_start(&j->thread, write_until_stopped, j);
        is_fine = j->is_started;
    }
    if (is_fine)
        return &j->base;
    journal_destroy(&j->base);
    return NULL;
}

bool sqlite_journal_check(const char *path)
{
    struct store *s;

    if (access(path, F_OK) != 0 && errno == ENOENT)
        return true; /* it will be made; whether its folder is there is the caller's to see */
    s = store_open(path, STORE_LOOK, false);
    store_close(s);
    return s != NULL;
}
