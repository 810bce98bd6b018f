/* sqlite_schema - the tables of the journal's file and how an older file becomes today's.
 * Threads:    those of the connection.
 * Owns:       nothing.
 * Invariant:  a step that was released is never changed; a new one is added behind it. user_version is the
 *             number of steps that were taken.
 * Fails:      result codes of SQLite; a file is changed as a whole or not at all. */
#ifndef HUBBUB_JOURNAL_SQLITE_SCHEMA_H
#define HUBBUB_JOURNAL_SQLITE_SCHEMA_H

#include <sqlite3.h>
#include <stddef.h>

enum { SCHEMA_APPLICATION_ID = 0x68756262 /* "hubb" */ };

struct schema {
    const char *const *steps; /* SQL, one a version */
    int version;              /* how many */
};

extern const struct schema schema_current;

enum schema_kind {
    SCHEMA_NEW,     /* nothing is in the file yet */
    SCHEMA_FOREIGN, /* another application's */
    SCHEMA_NEWER,   /* of a later hubbub */
    SCHEMA_OLDER,   /* ours, with steps to take */
    SCHEMA_SAME,
};

/* What the file is; its version goes to *version. */
int schema_identify(sqlite3 *db, const struct schema *schema, enum schema_kind *kind, int *version);

/* Takes the steps from the given version on, in one transaction. */
int schema_migrate(sqlite3 *db, const struct schema *schema, int version);

#endif
