/* sqlite_check - whether the file is whole as a file: SQLite's own check, read line by line.
 * Threads:    that of the connection.
 * Owns:       nothing.
 * Invariant:  pages that nothing uses are no fault by themselves: a damaged index that was given up leaves some
 *             (sqlite_index.h). All else is, also what is not understood. SQLite looks at the list of free pages
 *             and for unused ones only if the schema it has read begins with a table, which ours mostly does not.
 * Fails:      a result code of SQLite. */
#ifndef HUBBUB_JOURNAL_SQLITE_CHECK_H
#define HUBBUB_JOURNAL_SQLITE_CHECK_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

struct check {
    bool is_quick; /* without comparing indexes with their tables */
    void (*fault)(void *arg, const char *line);
    void *arg;
    int64_t unused; /* set: so many pages are */
};

int check_file(struct check *c, sqlite3 *db);

/* Whether the table cannot be read because its own pages are damaged. */
bool check_finds_damage(sqlite3 *db, const char *table);

#endif
