/* sqlite_store - one connection to the journal's file: opened with all checks, with its statements.
 * Threads:    one at a time; connections of several threads and processes work beside each other.
 * Owns:       the connection, its statements, the lock of a STORE_SERVE.
 * Invariant:  one STORE_SERVE a file at a time, whatever the process. A file that is not ours, newer or
 *             damaged is refused and left as it is.
 * Fails:      store_open: NULL after logging what is wrong and what to do. The others: result codes of
 *             SQLite, SQLITE_OK being success. */
#ifndef HUBBUB_JOURNAL_SQLITE_STORE_H
#define HUBBUB_JOURNAL_SQLITE_STORE_H

#include "base/err.h"
#include "journal/sqlite_statement.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STORE_PATIENCE_MS = 5000, BOOT_SIZE = 64 };

enum store_use {
    STORE_SERVE,  /* the daemon: makes the file if need be, brings it up to date, holds its lock */
    STORE_WRITE,  /* a tool that adds, perhaps beside the daemon; makes the file like STORE_SERVE */
    STORE_READ,   /* the file must be there and of today's version */
    STORE_LOOK,   /* the same, but an earlier version will do: whether STORE_SERVE could take it */
    STORE_BESIDE, /* reads too, in a process that has the file open already: nothing is checked */
};

struct store {
    sqlite3 *db; /* owned */
    char *path;  /* owned */
    int lock_fd; /* owned; -1: none */
    enum store_use use;
    uint64_t epoch;
    uint64_t cid_key[2];
    int64_t data_version; /* when it last began to write; SQLite counts what others commit */
    char boot
        [BOOT_SIZE]; /* the start of the machine that it was last served in; "": it does not matter */
    bool was_clean; /* the last STORE_SERVE ended as it should, or there was none */
    sqlite3_stmt *statements[STATEMENTS]; /* owned; NULL until the first use */
};

/* is_full: synchronous=FULL. */
struct store *store_open(const char *path, enum store_use use, bool is_full);

/* SQL that has clients take the log for another one, because seqs will mean other events. */
extern const char store_new_epoch[];

/* How long it waits for another program's lock, in ms, from now on; STORE_PATIENCE_MS at first. */
void store_set_patience(struct store *s, int ms);

/* Notes a clean end if it is STORE_SERVE; NULL is allowed. */
void store_close(struct store *s);

/* The statement, ready to be bound; NULL if it cannot be made, sqlite3_errcode then tells why. */
sqlite3_stmt *store_statement(struct store *s, enum statement which);

/* Binds by a format of a letter a value, steps once and, unless there is a row, resets: SQLITE_ROW (read
 * it, then sqlite3_reset(*row)), SQLITE_OK, or an error. Letters: i int64_t, o int64_t that is NULL if it
 * is 0, t const char * (NULL is NULL), b const char * and size_t. Texts are borrowed until the reset. */
int store_step(struct store *s, sqlite3_stmt **row, enum statement which, const char *format, ...);
/* The same for what answers no row. */
int store_run(struct store *s, enum statement which, const char *format, ...);

/* Begins to write, waiting for other writers; *has_changed is true if somebody else wrote since the last
 * time. */
int store_begin(struct store *s, bool *has_changed);
int store_commit(struct store *s);
void store_rollback(struct store *s);

/* What the operator can do about a result code; static. */
const char *store_hint(int code);
/* Logs a failure once, with that hint. */
void store_log_failure(struct store *s, const char *event, int code);

#endif
