#include "tools/tool.h"
#include "core/message_id.h"
#include "journal/sqlite_append.h"
#include "journal/sqlite_file.h"
#include "tools/id_map.h"
#include "tools/ndjson.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    BATCH_MAX = 200, /* messages in a transaction, which the daemon may have to wait for */
    BATCH_MAX_BYTES = 4 << 20, /* of their lines, which are in memory together */
    BREATH_US = 5000,          /* after each, for the daemon */
    LINE_MAX_BYTES = 16 << 20,
};

/* What was read and is still to be stored: nothing is read while a transaction is open, because what comes
 * through a pipe may be long in coming. */
struct batch {
    struct line lines[BATCH_MAX];          /* owned */
    unsigned long long numbers[BATCH_MAX]; /* of the lines in the file */
    unsigned count;
    size_t bytes;
};

struct counts {
    unsigned long long added, repeated, lost_replies;
};

struct import {
    const char *file;
    FILE *in;
    bool takes_ahead; /* what is of the future, as now */
    struct appender appender;
    struct id_map ids;
    struct batch batch;
    struct counts counts;
    unsigned long long line;
    int64_t start; /* n of the last event that was there before */
};

static bool fail(const struct import *im, unsigned long long line, const char *reason)
{
    fprintf(stderr,
            "hubbub import: %s:%llu: %s\nWhat stands before this line is imported; repair it and "
            "import again.\n",
            im->file, line, reason);
    return false;
}

/* ---- storing ---- */

/* Whether the line may tell of the stored message: the text is the same, or was changed on one side. */
static bool has_text(sqlite3_stmt *row, const struct event *e)
{
    return sqlite3_column_int(row, FOUND_FLAG) != 0 || e->state->is_deleted ||
           (uint64_t)sqlite3_column_int64(row, FOUND_EDITED_TS) != e->state->edited_ts ||
           ((size_t)sqlite3_column_bytes(row, FOUND_BODY) == e->body_length &&
            memcmp(sqlite3_column_text(row, FOUND_BODY), e->body, e->body_length) == 0);
}

/* Whether the stored message has another id than this in the log that the line comes from: it was imported by
 * this run, which has added it behind all that was there, or from that log under the other id. */
static bool has_other_id(const struct import *im, sqlite3_stmt *row, const struct message_id *id)
{
    const char *cid = (const char *)sqlite3_column_text(row, FOUND_CID);
    struct message_id other;

    if (cid == NULL || strncmp(cid, CID_OF_IMPORTS, strlen(CID_OF_IMPORTS)) != 0)
        return false;
    if (sqlite3_column_int64(row, FOUND_N) > im->start)
        return true;
    cid += strlen(CID_OF_IMPORTS);
    return id->epoch != im->appender.store->epoch && message_id_read(cid, strlen(cid), &other) &&
           other.epoch == id->epoch && (other.room != id->room || other.seq != id->seq);
}

/* Whether the line tells of a message that this log has in the place where the line says: it is the log that it was
 * exported from, or one with the same past, such as a backup, which has an epoch of its own. Sets its seq. */
static int find_original(struct import *im, struct line *line, bool *is_there)
{
    struct event *e = line->event;
    struct cached_room *room;
    struct message_id id;
    sqlite3_stmt *row;
    int rc;

    *is_there = false;
    if (!message_id_read(line->id, strlen(line->id), &id))
        return SQLITE_OK;
    rc = cache_room(&im->appender.cache, im->appender.store, line->room, false, &room);
    if (rc != SQLITE_OK || room == NULL || id.room != (uint64_t)room->id)
        return rc;
    rc = store_step(im->appender.store, &row, SQL_MESSAGE_FIND, "ii", room->id, (int64_t)id.seq);
    if (rc != SQLITE_ROW)
        return rc;
    *is_there = strcmp((const char *)sqlite3_column_text(row, FOUND_KEY), e->user->key) == 0 &&
                (uint64_t)sqlite3_column_int64(row, FOUND_TS) == e->ts && has_text(row, e) &&
                !has_other_id(im, row, &id);
    sqlite3_reset(row);
    if (*is_there)
        e->seq = id.seq;
    return SQLITE_OK;
}

/* The line was taken for a message that was imported under its id. That had the line's time, or a later one if
 * the room was ahead. */
static int check_repeat(struct import *im, const struct event *e, uint64_t ts, const char **reason)
{
    sqlite3_stmt *row;
    int rc = store_step(im->appender.store, &row, SQL_MESSAGE_FIND, "ii", (int64_t)e->id.room,
                        (int64_t)e->seq);

    if (rc != SQLITE_ROW)
        return rc;
    if (!has_text(row, e) || e->ts < ts)
        *reason = "\"id\" is that of another message of the same person";
    sqlite3_reset(row);
    return SQLITE_OK;
}

static int append_line(struct import *im, struct line *line)
{
    struct event *e = line->event;
    int rc;

    if (line->reply_to != NULL) {
        e->reply_to = id_map_get(&im->ids, line->reply_to);
        im->counts.lost_replies += e->reply_to == 0;
    }
    rc = append_event(&im->appender, e);
    if (rc == SQLITE_OK && e->outcome == ERR_NOT_FOUND) { /* retention has taken it meanwhile */
        e->reply_to = 0;
        im->counts.lost_replies++;
        rc = append_event(&im->appender, e);
    }
    return rc;
}

/* *reason is set if the line cannot be taken. */
static int store_line(struct import *im, struct line *line, const char **reason)
{
    struct event *e = line->event;
    uint64_t ts = line->is_ts_ahead ? 0 : e->ts; /* that when it was imported is no matter */
    bool is_there;
    int rc = find_original(im, line, &is_there);

    if (rc == SQLITE_OK && !is_there) {
        line_take_as_now(line);
        rc = append_line(im, line);
        is_there = e->is_repeat;
        if (rc == SQLITE_OK && is_there)
            rc = check_repeat(im, e, ts, reason);
    }
    if (rc != SQLITE_OK || *reason != NULL)
        return rc;
    id_map_put(&im->ids, line->id, e->seq);
    im->counts.added += !is_there;
    im->counts.repeated += is_there;
    return SQLITE_OK;
}

/* *reason is set if a line cannot be taken; those before it, *stored, are stored. */
static int store_lines(struct import *im, unsigned *stored, const char **reason)
{
    struct batch *b = &im->batch;
    int rc = append_begin(&im->appender);

    if (rc != SQLITE_OK)
        return rc;
    for (*stored = 0; *stored < b->count; ++*stored) {
        rc = store_line(im, &b->lines[*stored], reason);
        if (rc != SQLITE_OK || *reason != NULL)
            break;
    }
    if (rc == SQLITE_OK)
        return append_commit(&im->appender);
    append_rollback(&im->appender);
    return rc;
}

/* All or none of it, or up to a line that cannot be taken; empties it. */
static bool store_batch(struct import *im)
{
    struct counts before = im->counts;
    struct batch *b = &im->batch;
    const char *reason = NULL;
    unsigned stored = 0;
    int rc = b->count != 0 ? store_lines(im, &stored, &reason) : SQLITE_OK;

    for (unsigned i = 0; i < b->count; i++)
        line_free(&b->lines[i]);
    b->count = 0;
    b->bytes = 0;
    if (rc != SQLITE_OK) {
        im->counts = before;
        return fail(im, b->numbers[0], sqlite3_errstr(rc));
    }
    if (append_index_is_due(&im->appender))
        (void)append_index(&im->appender); /* what fails is the next one's to do, or the server's */
    if (file_is_locked(im->appender.store->path))
        usleep(BREATH_US);
    return reason == NULL || fail(im, b->numbers[stored], reason);
}

/* ---- reading ---- */

/* What was read before is stored first, so that what is said about it is true. */
static bool fail_reading(struct import *im, int error)
{
    bool is_stored = store_batch(im);

    fprintf(stderr, "hubbub import: cannot read %s: %s\n", im->file, strerror(error));
    if (is_stored && im->line != 0)
        fprintf(stderr, "What stands in its first %llu lines is imported; import again.\n",
                im->line);
    return false;
}

static bool read_text(struct import *im, const char *text, size_t length)
{
    struct batch *b = &im->batch;
    struct line *line = &b->lines[b->count];
    const char *reason;
    char ahead[128];

    if (length > LINE_MAX_BYTES)
        return fail(im, im->line, "the line is too long");
    if (!line_read(line, text, length, &reason))
        return fail(im, im->line, reason);
    if (line->ahead != NULL && !im->takes_ahead) {
        snprintf(ahead, sizeof ahead,
                 "\"%s\" is more than a day ahead of now; with --ahead-as-now it is taken as now",
                 line->ahead);
        line_free(line);
        return fail(im, im->line, ahead);
    }
    b->numbers[b->count++] = im->line;
    b->bytes += length;
    return (b->count < BATCH_MAX && b->bytes < BATCH_MAX_BYTES) || store_batch(im);
}

/* Up to the end, a line that cannot be taken, or one that cannot be read: of that, getline may return the beginning.
 * *error: why not; 0: no such line. */
static bool read_lines(struct import *im, char **text, int *error)
{
    size_t size = 0;
    ssize_t length;

    for (;;) {
        length = getline(text, &size, im->in);
        if (ferror(im->in) || (length < 0 && !feof(im->in))) {
            *error = errno;
            return false;
        }
        if (length < 0)
            return true;
        im->line++;
        while (length > 0 && ((*text)[length - 1] == '\n' || (*text)[length - 1] == '\r'))
            length--;
        if (length > 0 && !read_text(im, *text, (size_t)length))
            return false;
    }
}

static bool import_all(struct import *im)
{
    char *text = NULL;
    int error = 0;
    bool is_fine = read_lines(im, &text, &error);

    free(text);
    if (error != 0)
        return fail_reading(im, error);
    return store_batch(im) && is_fine;
}

static bool find_start(struct import *im)
{
    sqlite3_stmt *row;
    int rc = store_step(im->appender.store, &row, SQL_EVENT_LAST, "");

    if (rc != SQLITE_ROW) {
        store_log_failure(im->appender.store, "import_failed", rc);
        return false;
    }
    im->start = sqlite3_column_int64(row, 0);
    sqlite3_reset(row);
    return true;
}

int tool_import(const struct tool_call *call)
{
    bool is_stdin = strcmp(call->file, "-") == 0, is_fine;
    struct import im = {.file = call->file,
                        .in = is_stdin ? stdin : fopen(call->file, "r"),
                        .takes_ahead = call->takes_ahead};

    if (im.in == NULL) {
        fprintf(stderr, "hubbub import: cannot read %s: %s\n", call->file, strerror(errno));
        return 1;
    }
    im.appender.store = store_open(call->path, STORE_WRITE, false);
    is_fine = im.appender.store != NULL && find_start(&im) && import_all(&im);
    if (im.appender.store != NULL)
        printf("imported %llu, already there %llu, replies to messages that are not there %llu\n",
               im.counts.added, im.counts.repeated, im.counts.lost_replies);
    append_end(&im.appender);
    store_close(im.appender.store);
    id_map_free(&im.ids);
    if (!is_stdin)
        fclose(im.in);
    return is_fine ? 0 : 1;
}
