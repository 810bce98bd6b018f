#include "journal/sqlite_index.h"
#include "journal/sqlite_check.h"

#include <stdio.h>

int index_outcome(int rc)
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
    return rc == SQLITE_OK ? index_debt(s, debt) : index_outcome(rc);
}

/* ---- making it anew ---- */

/* FTS5's own tables, which are to be written past it for a moment. */
static void set_defensive(struct store *s, bool is_so)
{
    int ignored;

    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, (int)is_so, &ignored);
}

int index_rebuild(struct store *s)
{
    int rc;

    set_defensive(s, false); /* without that record FTS5 would not even begin */
    rc = store_run(s, SQL_INDEX_EMPTY, "");
    set_defensive(s, true);
    return rc == SQLITE_OK ? store_run(s, SQL_INDEX_REBUILD, "") : rc;
}

/* DROP TABLE would give the pages back, for which it reads them, so only what SQLite knows of the tables goes. */
static int forget_tables(struct store *s)
{
    int rc;

    set_defensive(s, false);
    rc = sqlite3_exec(s->db,
                      "PRAGMA writable_schema = ON;"
                      "DELETE FROM sqlite_schema WHERE tbl_name"
                      " IN ('words', 'words_data', 'words_idx', 'words_config');",
                      NULL, NULL, NULL);
    sqlite3_exec(s->db, "PRAGMA writable_schema = RESET", NULL, NULL, NULL);
    set_defensive(s, true);
    return rc;
}

int index_replace(struct store *s)
{
    char create[512] = "";
    sqlite3_stmt *row;
    int rc = store_step(s, &row, SQL_INDEX_SQL, "");

    if (rc == SQLITE_ROW) {
        snprintf(create, sizeof create, "%s", (const char *)sqlite3_column_text(row, 0));
        sqlite3_reset(row);
        rc = forget_tables(s);
    }
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(s->db, create, NULL, NULL, NULL);
    return rc == SQLITE_OK ? store_run(s, SQL_INDEX_REBUILD, "") : rc;
}

bool index_is_damaged(struct store *s)
{
    static const char *const tables[] = {"words_data", "words_idx", "words_config"};

    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (check_finds_damage(s->db, tables[i]))
            return true;
    return false;
}

/* ---- one message's words ---- */

int index_remove(struct store *s, int64_t n, const char *body, size_t length, int64_t room)
{
    return index_outcome(store_run(s, SQL_INDEX_REMOVE, "ibi", n, body, length, room));
}

int index_add(struct store *s, int64_t n, const char *body, size_t length, int64_t room)
{
    return index_outcome(store_run(s, SQL_INDEX_ADD, "ibi", n, body, length, room));
}
