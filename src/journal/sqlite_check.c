#include "journal/sqlite_check.h"

#include <stdio.h>
#include <string.h>

enum { LINE_SIZE = 512 };

/* "Page 7 is never used"; later versions of SQLite write "Page 7: never used". */
static bool tells_of_unused_page(const char *line)
{
    int end = 0;
    unsigned page;

    if (sscanf(line, "Page %u%n", &page, &end) != 1)
        return false;
    return strcmp(line + end, " is never used") == 0 || strcmp(line + end, ": never used") == 0;
}

static void take_line(struct check *c, const char *line)
{
    if (line[0] == '\0' || strcmp(line, "ok") == 0 || strncmp(line, "*** in database ", 16) == 0)
        return;
    if (tells_of_unused_page(line))
        c->unused++;
    else
        c->fault(c->arg, line);
}

/* A row may have several lines. */
static void take_row(struct check *c, const char *text)
{
    char line[LINE_SIZE];

    while (*text != '\0') {
        size_t length = strcspn(text, "\n");

        snprintf(line, sizeof line, "%.*s", (int)length, text);
        take_line(c, line);
        text += length + (text[length] == '\n');
    }
}

int check_file(struct check *c, sqlite3 *db)
{
    /* As many lines as there are: after unused pages others may come. */
    const char *sql =
        c->is_quick ? "PRAGMA quick_check(1000000000)" : "PRAGMA integrity_check(1000000000)";
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &st, NULL);

    c->unused = 0;
    while (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(st, 0);

        take_row(c, text != NULL ? text : "?");
        rc = SQLITE_OK;
    }
    sqlite3_finalize(st);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

bool check_finds_damage(sqlite3 *db, const char *table)
{
    sqlite3_stmt *st = NULL;
    char sql[128];
    bool is_damaged = false;
    int rc;

    snprintf(sql, sizeof sql, "PRAGMA quick_check(%s)", table);
    rc = sqlite3_prepare_v2(db, sql, -1, &st, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(st);
    if (rc == SQLITE_ROW)
        is_damaged = strcmp((const char *)sqlite3_column_text(st, 0), "ok") != 0;
    sqlite3_finalize(st);
    return is_damaged || (rc & 0xff) == SQLITE_CORRUPT;
}
