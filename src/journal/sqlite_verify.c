#include "journal/sqlite_verify.h"
#include "journal/sqlite_backup.h"
#include "journal/sqlite_check.h"
#include "journal/sqlite_file.h"
#include "journal/sqlite_index.h"
#include "journal/sqlite_scratch.h"
#include "journal/sqlite_walk.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    PATH_SIZE = 4096,
    SENTENCE_SIZE = 600,
    FAULTS_MAX = 100 /* of the file itself that are told */
};

struct verify {
    sqlite3 *db;
    struct verify_result *result;
    void (*report)(void *arg, const char *sentence);
    void *arg;
};

static void fault(struct verify *v, const char *sentence)
{
    v->result->faults++;
    v->report(v->arg, sentence);
}

/* Each row of these is a sentence that tells of a fault. */
static const char *const faults[] = {
    /* Without a hole the seqs from oldest to seq are as many as there are events. */
    "SELECT format('room %s: %d events are there where %d to %d should be', r.name, count(e.n),"
    " r.oldest, r.seq) FROM rooms AS r LEFT JOIN events AS e ON e.room = r.id GROUP BY r.id"
    " HAVING count(e.n) <> r.seq + 1 - r.oldest OR count(DISTINCT e.seq) <> count(e.n)"
    " OR min(e.seq) < r.oldest OR max(e.seq) > r.seq",
    "SELECT format('room %s: the time goes back at event %d', name, seq) FROM (SELECT r.name, "
    "e.seq,"
    " e.ts, lag(e.ts) OVER (PARTITION BY e.room ORDER BY e.seq) AS before"
    " FROM events AS e JOIN rooms AS r ON r.id = e.room) WHERE ts < before",
    "SELECT format('event %d: it is of an unknown room or user', n) FROM events WHERE room NOT IN"
    " (SELECT id FROM rooms) OR user NOT IN (SELECT id FROM users)",
    "SELECT format('reaction %d: its message is not there', place) FROM reactions AS r"
    " WHERE NOT EXISTS (SELECT 1 FROM events AS e WHERE e.room = r.room AND (e.type > 0) = 0"
    " AND e.seq = r.message AND e.flag = 0)",
    "SELECT format('message %d: deleted, but its text is there', n) FROM events"
    " WHERE type = 0 AND flag = 1 AND body <> ''",
};

/* Each row is a fault; a result code. */
static int tell_rows(struct verify *v, const char *sql)
{
    sqlite3_stmt *st = NULL;
    char sentence[SENTENCE_SIZE];
    int rc = sqlite3_prepare_v2(v->db, sql, -1, &st, NULL);

    while (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        snprintf(sentence, sizeof sentence, "%s", (const char *)sqlite3_column_text(st, 0));
        fault(v, sentence);
        rc = SQLITE_OK;
    }
    sqlite3_finalize(st);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static void tell_of_file(void *arg, const char *line)
{
    struct verify *v = arg;
    char sentence[SENTENCE_SIZE];

    snprintf(sentence, sizeof sentence, "the file: %s", line);
    if (v->result->faults < FAULTS_MAX)
        fault(v, sentence);
}

static void find_faults(struct verify *v, const char *sql)
{
    if (tell_rows(v, sql) != SQLITE_OK)
        tell_of_file(v, sqlite3_errmsg(v->db));
}

/* Pages that nobody uses are of an index of words that was damaged and given up. */
static void check_pages(struct verify *v)
{
    struct check check = {.fault = tell_of_file, .arg = v};
    char sentence[SENTENCE_SIZE];

    if (check_file(&check, v->db) != SQLITE_OK)
        tell_of_file(v, sqlite3_errmsg(v->db));
    if (check.unused == 0)
        return;
    snprintf(sentence, sizeof sentence,
             "%lld pages of the file are not used, which is no fault; a VACUUM gives them back",
             (long long)check.unused);
    v->report(v->arg, sentence);
}

/* ---- whose events are lost ---- */

static bool pass(void *arg, const struct event *e, const char *room)
{
    (void)arg;
    (void)e;
    (void)room;
    return true;
}

static void note_lost(void *arg, int64_t first, int64_t last)
{
    struct verify *v = arg;
    char sql[128];

    snprintf(sql, sizeof sql, "INSERT INTO temp.lost VALUES(%lld, %lld)", (long long)first,
             (long long)last);
    sqlite3_exec(v->db, sql, NULL, NULL, NULL);
}

/* The index of places lies elsewhere in the file than the events, so it mostly knows of which rooms those are that
 * cannot be read. If it is damaged too, nothing is told. */
static void find_lost(struct verify *v, struct store *s)
{
    struct walk w = {.until = INT64_MAX, .has_changes = true, .lost = note_lost};

    if (sqlite3_exec(v->db, "CREATE TEMP TABLE lost(first INTEGER PRIMARY KEY, last)", NULL, NULL,
                     NULL) != SQLITE_OK)
        return;
    (void)walk_on(&w, s, pass, v);
    (void)tell_rows(
        v, "SELECT format('room %s: %d of the events %d to %d cannot be read', r.name, count(*),"
           " min(e.seq), max(e.seq)) FROM events AS e INDEXED BY events_place JOIN rooms AS r"
           " ON r.id = e.room WHERE (SELECT last FROM temp.lost WHERE first <= e.n"
           " ORDER BY first DESC LIMIT 1) >= e.n GROUP BY r.id");
}

/* ---- what else there is ---- */

static void check_words(struct verify *v)
{
    char sentence[SENTENCE_SIZE];
    int rc =
        0xff & sqlite3_exec(v->db, "INSERT INTO words(words, rank) VALUES('integrity-check', 1)",
                            NULL, NULL, NULL);

    if (rc == SQLITE_OK)
        return;
    if (rc == SQLITE_READONLY) { /* the check counts as writing */
        v->report(v->arg, "the index of words: not looked at, because the file may not be written");
        return;
    }
    snprintf(sentence, sizeof sentence, "the index of words: %s",
             rc == SQLITE_CORRUPT ? "it is not that of the messages" : sqlite3_errmsg(v->db));
    fault(v, sentence);
}

static void count(struct verify *v)
{
    sqlite3_stmt *st = NULL;

    if (sqlite3_prepare_v2(v->db,
                           "SELECT (SELECT count(*) FROM rooms), count(*),"
                           " ifnull(sum(type = 0), 0) FROM events",
                           -1, &st, NULL) == SQLITE_OK &&
        sqlite3_step(st) == SQLITE_ROW) {
        v->result->rooms = sqlite3_column_int64(st, 0);
        v->result->events = sqlite3_column_int64(st, 1);
        v->result->messages = sqlite3_column_int64(st, 2);
    }
    sqlite3_finalize(st);
}

static void verify_store(struct store *s, struct verify *v)
{
    v->db = s->db;
    sqlite3_exec(s->db, "PRAGMA query_only = OFF", NULL, NULL, NULL);
    /* After a fault in the file itself the others would only be its echoes. */
    check_pages(v);
    if (v->result->faults == 0) {
        for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
            find_faults(v, faults[i]);
        check_words(v);
    } else {
        find_lost(v, s);
        if (index_is_damaged(s))
            v->report(v->arg,
                      "the index of words is damaged: hubbub makes it anew from the messages "
                      "when it is searched");
    }
    count(v);
}

static bool copy_to(const char *copy, struct store *from)
{
    int rc = backup_copy(from, copy);

    if (rc != SQLITE_OK)
        file_log_refusal(copy, sqlite3_errstr(rc), store_hint(rc));
    return rc == SQLITE_OK;
}

/* A copy of what is in the store, which has no name any more; NULL after logging why not. */
static struct store *open_copy(struct store *from)
{
    char path[PATH_SIZE];
    struct store *copy = NULL;

    snprintf(path, sizeof path, "%s.verify-%ld", from->path, (long)getpid());
    if (!scratch_begin(path, 0640)) {
        file_log_refusal(path, strerror(errno), "see to it that its folder can be written");
        return NULL;
    }
    if (copy_to(path, from))
        copy = store_open(path, STORE_READ, false);
    scratch_end();
    return copy;
}

bool verify_file(const char *path, struct verify_result *result,
                 void (*report)(void *arg, const char *sentence), void *arg)
{
    struct verify v = {.result = result, .report = report, .arg = arg};
    struct store *s = store_open(path, STORE_READ, false);

    *result = (struct verify_result){.faults = 0};
    if (s != NULL && file_is_locked(path)) {
        struct store *original = s;

        s = open_copy(original);
        store_close(original);
    }
    if (s != NULL)
        verify_store(s, &v);
    store_close(s);
    return s != NULL;
}
