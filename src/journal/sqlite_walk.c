#include "journal/sqlite_walk.h"
#include "journal/sqlite_read.h"

#include <string.h>

enum { LOOK_MAX = 500 /* events */ };

/* Gives one event to visit; *goes_on: what that said. */
static int visit_row(struct walk *w, struct store *s, sqlite3_stmt *row,
                     bool (*visit)(void *arg, const struct event *e, const char *room), void *arg,
                     bool *goes_on)
{
    struct event *e = read_event(s, row, sqlite3_column_int64(row, COLUMN_ROOM));
    const char *room = (const char *)sqlite3_column_text(row, COLUMN_ROOM_NAME);
    const char *cid = (const char *)sqlite3_column_text(row, COLUMN_CID);

    w->n = sqlite3_column_int64(row, COLUMN_N);
    if (e == NULL || room == NULL ||
        (cid != NULL && !event_set_cid(e, cid, (size_t)sqlite3_column_bytes(row, COLUMN_CID)))) {
        event_unref(&e);
        return SQLITE_NOMEM;
    }
    *goes_on = visit(arg, e, room);
    event_unref(&e);
    return SQLITE_OK;
}

/* So many events in one look; *is_end: there were no more, or visit had enough. */
static int look(struct walk *w, struct store *s,
                bool (*visit)(void *arg, const struct event *e, const char *room), void *arg,
                bool *is_end)
{
    bool goes_on = true;
    int seen = 0;
    sqlite3_stmt *row = NULL;
    int rc = store_step(s, &row, SQL_WALK, "ittiiii", w->n, w->room, w->person, (int64_t)w->since,
                        (int64_t)w->until, (int64_t)(w->has_changes ? EVENT_REACT : EVENT_MESSAGE),
                        (int64_t)LOOK_MAX);

    for (; rc == SQLITE_ROW && goes_on; rc = sqlite3_step(row), seen++) {
        int failure = visit_row(w, s, row, visit, arg, &goes_on);

        if (failure != SQLITE_OK) {
            sqlite3_reset(row);
            return failure;
        }
    }
    sqlite3_reset(row);
    *is_end = seen < LOOK_MAX || !goes_on;
    return rc == SQLITE_DONE || rc == SQLITE_ROW ? SQLITE_OK : rc;
}

int walk_on(struct walk *w, struct store *s,
            bool (*visit)(void *arg, const struct event *e, const char *room), void *arg)
{
    bool is_end = false;
    int rc = SQLITE_OK;

    while (rc == SQLITE_OK && !is_end)
        rc = look(w, s, visit, arg, &is_end);
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
