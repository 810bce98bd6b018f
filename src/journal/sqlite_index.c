#include "journal/sqlite_index.h"

/* A row that is in the way comes of an index that has lost count of its own parts. */
static int outcome(int rc)
{
    return (rc & 0xff) == SQLITE_CONSTRAINT ? SQLITE_CORRUPT_VTAB : rc;
}

int index_debt(struct store *s, int64_t *debt)
{
    sqlite3_stmt *row;
    int rc = store_step(s, &row, SQL_INDEX_DEBT, "");

    if (rc != SQLITE_ROW)
        return rc;
    *debt = sqlite3_column_int64(row, 0);
    sqlite3_reset(row);
    return SQLITE_OK;
}

int index_catch_up(struct store *s, int64_t events_max, int64_t *debt)
{
    int rc = store_run(s, SQL_INDEX_NEXT, "i", events_max);

    if (rc == SQLITE_OK)
        rc = store_run(s, SQL_INDEX_MARK, "i", events_max);
    return rc == SQLITE_OK ? index_debt(s, debt) : outcome(rc);
}

int index_rebuild(struct store *s)
{
    int ignored, rc;

    /* Without that record FTS5 would not even begin; nobody else writes its tables past it. */
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 0, &ignored);
    rc = store_run(s, SQL_INDEX_EMPTY, "");
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, &ignored);
    return rc == SQLITE_OK ? store_run(s, SQL_INDEX_REBUILD, "") : rc;
}

int index_remove(struct store *s, int64_t n, const char *body, size_t length, int64_t room)
{
    return outcome(store_run(s, SQL_INDEX_REMOVE, "ibi", n, body, length, room));
}

int index_add(struct store *s, int64_t n, const char *body, size_t length, int64_t room)
{
    return outcome(store_run(s, SQL_INDEX_ADD, "ibi", n, body, length, room));
}
