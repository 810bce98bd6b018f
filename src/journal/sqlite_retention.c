#include "journal/sqlite_retention.h"
#include "core/event.h"
#include "journal/sqlite_index.h"

enum { ROOMS_A_STEP = 64 };

bool retention_is_on(const struct retention *r)
{
    return r->max_age_ms != 0 || r->max_events != 0;
}

/* What follows from a row of SQL_EVENT_AT; resets it before its event goes. */
static int remove_row(struct store *s, sqlite3_stmt *row, int64_t room, int64_t seq)
{
    int64_t n = sqlite3_column_int64(row, 0);
    bool is_message = sqlite3_column_int(row, 1) == EVENT_MESSAGE;
    bool is_deleted = sqlite3_column_int(row, 4) != 0;
    const char *body = (const char *)sqlite3_column_text(row, 3);
    int rc = SQLITE_OK;

    if (is_message && !is_deleted)
        rc = index_remove(s, n, body, (size_t)sqlite3_column_bytes(row, 3), room);
    sqlite3_reset(row);
    if (rc == SQLITE_OK && is_message)
        rc = store_run(s, SQL_REACTIONS_REMOVE, "ii", room, seq);
    return rc == SQLITE_OK ? store_run(s, SQL_EVENT_REMOVE, "i", n) : rc;
}

struct room_row {
    int64_t id, seq, oldest;
};

/* Removes the room's events that have a seq below end or are older than cutoff, from the oldest on. */
static int cut_room(struct store *s, const struct room_row *room, int64_t end, int64_t cutoff,
                    unsigned *budget)
{
    int64_t at = room->oldest;
    int rc = SQLITE_OK;

    for (; rc == SQLITE_OK && at <= room->seq && *budget > 0; at++, (*budget)--) {
        sqlite3_stmt *row;

        rc = store_step(s, &row, SQL_EVENT_AT, "ii", room->id, at);
        if (rc != SQLITE_ROW)
            continue; /* a hole, in a damaged file, has no age */
        if (at >= end && sqlite3_column_int64(row, 2) >= cutoff) {
            sqlite3_reset(row);
            rc = SQLITE_OK;
            break;
        }
        rc = remove_row(s, row, room->id, at);
    }
    if (rc == SQLITE_OK && at != room->oldest)
        rc = store_run(s, SQL_ROOM_CUT, "ii", room->id, at);
    return rc;
}

/* The next room of the walk; its id is 0 at the end. */
static int next_room(struct store *s, int64_t after, struct room_row *room)
{
    sqlite3_stmt *row;
    int rc = store_step(s, &row, SQL_ROOM_AFTER, "i", after);

    room->id = 0;
    if (rc != SQLITE_ROW)
        return rc;
    *room = (struct room_row){.id = sqlite3_column_int64(row, 0),
                              .seq = sqlite3_column_int64(row, 1),
                              .oldest = sqlite3_column_int64(row, 2)};
    sqlite3_reset(row);
    return SQLITE_OK;
}

static int walk(struct retention *r, struct store *s, uint64_t now_wall_ms, unsigned budget,
                bool *is_done)
{
    int64_t cutoff = r->max_age_ms != 0 && now_wall_ms > r->max_age_ms
                         ? (int64_t)(now_wall_ms - r->max_age_ms)
                         : 0;
    int rc = SQLITE_OK;

    *is_done = false;
    for (int i = 0; i < ROOMS_A_STEP && budget > 0 && rc == SQLITE_OK; i++) {
        struct room_row room;

        rc = next_room(s, r->room, &room);
        if (rc == SQLITE_OK && room.id == 0) {
            *is_done = true;
            r->room = 0;
            break;
        }
        if (rc == SQLITE_OK)
            rc = cut_room(s, &room, r->max_events != 0 ? room.seq - (int64_t)r->max_events + 1 : 0,
                          cutoff, &budget);
        if (budget > 0) /* else there may be more to remove in this one */
            r->room = room.id;
    }
    return rc;
}

/* So that the number of no event that goes is given again. */
static int catch_up(struct store *s)
{
    int64_t debt = 0;
    int rc = index_debt(s, &debt);

    return rc == SQLITE_OK && debt > 0 ? index_catch_up(s, debt, &debt) : rc;
}

int retention_step(struct retention *r, struct store *s, uint64_t now_wall_ms, unsigned events_max,
                   bool *is_done)
{
    int64_t from = r->room;
    int rc = store_run(s, SQL_BEGIN_WRITE, "");

    if (rc == SQLITE_OK)
        rc = catch_up(s);
    if (rc == SQLITE_OK)
        rc = walk(r, s, now_wall_ms, events_max, is_done);
    if (rc == SQLITE_OK)
        rc = store_commit(s);
    if (rc != SQLITE_OK) {
        store_rollback(s);
        r->room = from;
    }
    return rc;
}
