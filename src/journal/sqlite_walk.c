#include "journal/sqlite_walk.h"
#include "base/mem.h"
#include "core/name.h"
#include "core/utf8.h"
#include "journal/sqlite_read.h"

#include <string.h>

enum {
    LOOK_MAX = 500, /* events */
    LOOK_MAX_BYTES = 4 << 20,
    UNINDEXED_MAX = 16384, /* events: the index of words is hardly ever further behind */
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
    int64_t
        span;    /* n of the last event that this look is to see; that of the walk: there is none */
    int64_t end; /* how far it has come */
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

/* ---- a look ---- */

/* Such as somebody can have sent. */
static bool is_text(const char *bytes, size_t length)
{
    return utf8_valid(bytes, length) && memchr(bytes, '\0', length) == NULL;
}

static int take_event(struct sheet *sheet, sqlite3_stmt *row, struct event *e)
{
    const char *room = (const char *)sqlite3_column_text(row, COLUMN_ROOM_NAME);
    const char *cid = (const char *)sqlite3_column_text(row, COLUMN_CID);

    if (room == NULL ||
        (cid != NULL && !event_set_cid(e, cid, (size_t)sqlite3_column_bytes(row, COLUMN_CID))))
        return SQLITE_NOMEM;
    if (!is_text(e->body, e->body_length) || !is_text(e->user->text, strlen(e->user->text)) ||
        !is_text(room, strlen(room)))
        return SQLITE_CORRUPT;
    sheet->end = sqlite3_column_int64(row, COLUMN_N);
    sheet->seen[sheet->count++] = (struct seen){event_ref(e), mem_strdup(room), sheet->end};
    sheet->bytes += event_text_size(e);
    return SQLITE_OK;
}

/* SQLite finds what contradicts itself, but takes what else is in a damaged page for good. */
static int take_row(struct sheet *sheet, struct store *s, sqlite3_stmt *row, bool is_bare)
{
    int64_t n = sqlite3_column_int64(row, COLUMN_N), room = sqlite3_column_int64(row, COLUMN_ROOM);
    int type = sqlite3_column_int(row, COLUMN_TYPE), rc;
    struct event *e;

    if (n <= sheet->end || n > sheet->span || !event_type_is_durable((enum event_type)type) ||
        sqlite3_column_type(row, COLUMN_NAME) == SQLITE_NULL ||
        sqlite3_column_type(row, COLUMN_ROOM_NAME) == SQLITE_NULL)
        return SQLITE_CORRUPT;
    e = is_bare ? read_event_bare(s, row, room) : read_event(s, row, room);
    if (e == NULL)
        return read_failure(s);
    rc = take_event(sheet, row, e);
    event_unref(&e);
    return rc;
}

/* The events up to sheet->span, or so many as may be in memory. */
static int read_rows(const struct walk *w, struct store *s, bool is_bare, struct sheet *sheet)
{
    sqlite3_stmt *row = NULL;
    int rc;

    sheet->end = w->n;
    rc = store_step(s, &row, SQL_WALK, "iittiii", w->n + 1, sheet->span, w->room, w->person,
                    (int64_t)w->since, (int64_t)w->until,
                    (int64_t)(w->has_changes ? EVENT_REACT : EVENT_MESSAGE));
    while (rc == SQLITE_ROW && sheet->count < LOOK_MAX && sheet->bytes < LOOK_MAX_BYTES) {
        rc = take_row(sheet, s, row, is_bare);
        if (rc == SQLITE_OK) /* no step behind the last, where the file may be damaged */
            rc = sheet->end < sheet->span ? sqlite3_step(row) : SQLITE_DONE;
    }
    sqlite3_reset(row);
    if (rc == SQLITE_ROW)
        return SQLITE_OK;
    if (rc != SQLITE_OK && rc != SQLITE_DONE)
        return rc;
    sheet->end = sheet->span;
    return SQLITE_OK;
}

/* At so many events of the log, of which those that are wanted are read. */
static int look(const struct walk *w, struct store *s, int64_t count, struct sheet *sheet)
{
    sqlite3_stmt *row;
    int rc;

    sheet->span = sheet->end = w->n;
    rc = store_step(s, &row, SQL_WALK_SPAN, "ii", w->n + 1, count);
    if (rc != SQLITE_ROW)
        return rc;
    if (sqlite3_column_type(row, 0) != SQLITE_NULL)
        sheet->span = sqlite3_column_int64(row, 0);
    sqlite3_reset(row);
    if (sheet->span == w->n)
        return SQLITE_OK;
    return sheet->span > w->n ? read_rows(w, s, false, sheet) : SQLITE_CORRUPT;
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
    if (goes_on)
        w->n = sheet->end;
    clear_sheet(sheet);
    return goes_on;
}

/* ---- damage ---- */

static bool is_damage(int rc)
{
    return (rc & 0xff) == SQLITE_CORRUPT || rc == SQLITE_IOERR_READ ||
           rc == SQLITE_IOERR_SHORT_READ || rc == SQLITE_IOERR_DATA || rc == SQLITE_IOERR_CORRUPTFS;
}

static void end_loss(struct walk *w, int64_t last, void *arg)
{
    if (w->lost_first != 0)
        w->lost(arg, w->lost_first, last);
    w->lost_first = 0;
}

/* If the end of the table is damaged, nothing there says that it is the end. */
static int find_bound(struct walk *w, struct store *s)
{
    sqlite3_stmt *row;
    int rc = store_step(s, &row, SQL_EVENT_LAST, "");
    int64_t beyond = 0;

    if (is_damage(rc)) {
        rc = store_step(s, &row, SQL_INDEXED, "");
        beyond = UNINDEXED_MAX;
    }
    if (rc != SQLITE_ROW)
        return rc;
    w->bound = sqlite3_column_int64(row, 0) + beyond;
    sqlite3_reset(row);
    return SQLITE_OK;
}

/* Passes over the next event, at which a look has failed, unless it can be read without its reactions. The walk
 * tries each n, because nothing tells which of them the damaged page held. */
static int pass_damage(struct walk *w, struct store *s, struct sheet *sheet, void *arg)
{
    bool has_place = sheet->span > w->n;
    int rc = has_place ? read_rows(w, s, true, sheet) : SQLITE_CORRUPT;

    if (rc == SQLITE_OK) {
        end_loss(w, w->n, arg);
        w->bare += sheet->count;
        return SQLITE_OK;
    }
    clear_sheet(sheet);
    if (!is_damage(rc))
        return rc;
    rc = w->bound == 0 ? find_bound(w, s) : SQLITE_OK;
    if (w->lost_first == 0)
        w->lost_first = w->n + 1;
    sheet->end = has_place ? sheet->span : w->n + 1;
    if (rc == SQLITE_OK && sheet->end > w->bound) {
        end_loss(w, INT64_MAX, arg);
        sheet->end = w->n;
    }
    return rc;
}

/* ---- the walk ---- */

int walk_on(struct walk *w, struct store *s,
            bool (*visit)(void *arg, const struct event *e, const char *room), void *arg)
{
    struct sheet sheet = {.count = 0};
    int64_t count = LOOK_MAX;
    bool goes_on = true;
    int rc = SQLITE_OK;

    while (rc == SQLITE_OK && goes_on) {
        rc = look(w, s, count, &sheet);
        if (w->lost != NULL && is_damage(rc)) {
            clear_sheet(&sheet);
            rc = SQLITE_OK;
            if (count > 1) { /* to find out at which of them */
                count = 1;
                continue;
            }
            rc = pass_damage(w, s, &sheet, arg);
        } else if (rc == SQLITE_OK) {
            end_loss(w, w->n, arg);
            count = count < LOOK_MAX / 2 ? 2 * count : LOOK_MAX;
        }
        goes_on = sheet.end > w->n;
        goes_on = tell(w, &sheet, visit, arg) && goes_on; /* also what was seen before a failure */
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
