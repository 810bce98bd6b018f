#include "journal/sqlite_walk.h"
#include "base/mem.h"
#include "journal/sqlite_read.h"

#include <string.h>

enum {
    LOOK_MAX = 500, /* events */
    LOOK_MAX_BYTES = 4 << 20,
};

/* What one look has seen. It is told when the look is over: whom it is told to may take their time, such as a
 * pager, and the log could not be cut back as long as a statement is under way. */
struct sheet {
    struct seen {
        struct event *event; /* owned */
        char *room;          /* owned */
        int64_t n;
    } seen[LOOK_MAX];
    size_t count, bytes;
};

static void clear_sheet(struct sheet *sheet)
{
    for (size_t i = 0; i < sheet->count; i++) {
        event_unref(&sheet->seen[i].event);
        mem_free(sheet->seen[i].room);
    }
    sheet->count = 0;
    sheet->bytes = 0;
}

static int take_row(struct sheet *sheet, struct store *s, sqlite3_stmt *row)
{
    struct event *e = read_event(s, row, sqlite3_column_int64(row, COLUMN_ROOM));
    const char *room = (const char *)sqlite3_column_text(row, COLUMN_ROOM_NAME);
    const char *cid = (const char *)sqlite3_column_text(row, COLUMN_CID);

    if (e == NULL || room == NULL ||
        (cid != NULL && !event_set_cid(e, cid, (size_t)sqlite3_column_bytes(row, COLUMN_CID)))) {
        event_unref(&e);
        return SQLITE_NOMEM;
    }
    sheet->seen[sheet->count++] =
        (struct seen){e, mem_strdup(room), sqlite3_column_int64(row, COLUMN_N)};
    sheet->bytes += event_text_size(e);
    return SQLITE_OK;
}

/* So many events in one look; *is_end: there were no more. */
static int look(const struct walk *w, struct store *s, struct sheet *sheet, bool *is_end)
{
    sqlite3_stmt *row = NULL;
    int rc = store_step(s, &row, SQL_WALK, "ittiiii", w->n, w->room, w->person, (int64_t)w->since,
                        (int64_t)w->until, (int64_t)(w->has_changes ? EVENT_REACT : EVENT_MESSAGE),
                        (int64_t)LOOK_MAX);

    while (rc == SQLITE_ROW && sheet->bytes < LOOK_MAX_BYTES) {
        rc = take_row(sheet, s, row);
        if (rc == SQLITE_OK)
            rc = sqlite3_step(row);
    }
    sqlite3_reset(row);
    *is_end = rc != SQLITE_ROW && sheet->count < LOOK_MAX;
    return rc == SQLITE_DONE || rc == SQLITE_ROW ? SQLITE_OK : rc;
}

/* False: visit has had enough. */
static bool tell(struct walk *w, struct sheet *sheet,
                 bool (*visit)(void *arg, const struct event *e, const char *room), void *arg)
{
    bool goes_on = true;

    for (size_t i = 0; i < sheet->count && goes_on; i++) {
        w->n = sheet->seen[i].n;
        goes_on = visit(arg, sheet->seen[i].event, sheet->seen[i].room);
    }
    clear_sheet(sheet);
    return goes_on;
}

int walk_on(struct walk *w, struct store *s,
            bool (*visit)(void *arg, const struct event *e, const char *room), void *arg)
{
    struct sheet sheet = {.count = 0};
    bool is_end = false;
    int rc = SQLITE_OK;

    while (rc == SQLITE_OK && !is_end) {
        rc = look(w, s, &sheet, &is_end);
        is_end = !tell(w, &sheet, visit, arg) || is_end; /* also what was seen before a failure */
    }
    return rc;
}

int walk_from_end(struct walk *w, struct store *s, uint64_t count)
{
    sqlite3_stmt *row;
    int rc = store_step(s, &row, SQL_WALK_END, "ti", w->room, (int64_t)count);

    w->n = 0;
    if (rc != SQLITE_ROW)
        return rc;
    w->n = sqlite3_column_int64(row, 0);
    sqlite3_reset(row);
    return SQLITE_OK;
}
