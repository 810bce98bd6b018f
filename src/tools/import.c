#include "tools/tool.h"
#include "journal/sqlite_append.h"
#include "journal/sqlite_file.h"
#include "tools/id_map.h"
#include "tools/ndjson.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    BATCH_MAX = 200,  /* messages in a transaction, which the daemon may have to wait for */
    BREATH_US = 5000, /* after each, for the daemon */
    LINE_MAX_BYTES = 16 << 20,
};

struct import {
    const char *file;
    FILE *in;
    struct appender appender;
    struct id_map ids;
    unsigned long long line, added, repeated, lost_replies;
    unsigned in_batch; /* in the open transaction; 0: there is none */
};

static bool fail(const struct import *im, const char *reason)
{
    fprintf(stderr,
            "hubbub import: %s:%llu: %s\nWhat stands before this line is imported; repair it and "
            "import again.\n",
            im->file, im->line, reason);
    return false;
}

static bool commit(struct import *im)
{
    int rc = im->in_batch != 0 ? append_commit(&im->appender) : SQLITE_OK;

    im->in_batch = 0;
    if (rc == SQLITE_OK && append_index_is_due(&im->appender))
        rc = append_index(&im->appender);
    if (rc != SQLITE_OK)
        return fail(im, sqlite3_errstr(rc));
    if (file_is_locked(im->appender.store->path))
        usleep(BREATH_US);
    return true;
}

static bool store_line(struct import *im, struct line *line)
{
    struct event *e = line->event;
    int rc = SQLITE_OK;

    if (line->reply_to != NULL) {
        e->reply_to = id_map_get(&im->ids, line->reply_to);
        im->lost_replies += e->reply_to == 0;
    }
    if (im->in_batch == 0)
        rc = append_begin(&im->appender);
    if (rc == SQLITE_OK) {
        im->in_batch++;
        rc = append_event(&im->appender, e);
        if (rc == SQLITE_OK && e->outcome == ERR_NOT_FOUND) { /* retention has taken it meanwhile */
            e->reply_to = 0;
            im->lost_replies++;
            rc = append_event(&im->appender, e);
        }
    }
    if (rc != SQLITE_OK) {
        append_rollback(&im->appender);
        im->in_batch = 0;
        return fail(im, sqlite3_errstr(rc));
    }
    id_map_put(&im->ids, line->id, e->seq);
    im->added += !e->is_repeat;
    im->repeated += e->is_repeat;
    return im->in_batch < BATCH_MAX || commit(im);
}

static bool import_text(struct import *im, const char *text, size_t length)
{
    struct line line;
    const char *reason;
    bool is_fine;

    if (length > LINE_MAX_BYTES)
        return fail(im, "the line is too long");
    if (!line_read(&line, text, length, &reason)) {
        (void)commit(im);
        return fail(im, reason);
    }
    is_fine = store_line(im, &line);
    line_free(&line);
    return is_fine;
}

static bool import_all(struct import *im)
{
    char *text = NULL;
    size_t size = 0;
    ssize_t length;
    bool is_fine = true;

    while (is_fine && (length = getline(&text, &size, im->in)) >= 0) {
        im->line++;
        while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == '\r'))
            length--;
        if (length > 0)
            is_fine = import_text(im, text, (size_t)length);
    }
    free(text);
    if (is_fine && ferror(im->in))
        is_fine = fail(im, strerror(errno));
    return commit(im) && is_fine;
}

int tool_import(const struct tool_call *call)
{
    bool is_stdin = strcmp(call->file, "-") == 0, is_fine;
    struct import im = {.file = call->file, .in = is_stdin ? stdin : fopen(call->file, "r")};

    if (im.in == NULL) {
        fprintf(stderr, "hubbub import: cannot read %s: %s\n", call->file, strerror(errno));
        return 1;
    }
    im.appender.store = store_open(call->path, STORE_WRITE, false);
    is_fine = im.appender.store != NULL && import_all(&im);
    if (im.appender.store != NULL)
        printf("imported %llu, already there %llu, replies to messages that are not there %llu\n",
               im.added, im.repeated, im.lost_replies);
    append_end(&im.appender);
    store_close(im.appender.store);
    id_map_free(&im.ids);
    if (!is_stdin)
        fclose(im.in);
    return is_fine ? 0 : 1;
}
