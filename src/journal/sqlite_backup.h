/* sqlite_backup - a copy of the journal's file as it is at one moment, while it is in use.
 * Threads:    any.
 * Owns:       nothing.
 * Invariant:  a file that exists is never overwritten; what is called by the copy's name is whole.
 * Fails:      false after logging why; no copy is left then. */
#ifndef HUBBUB_JOURNAL_SQLITE_BACKUP_H
#define HUBBUB_JOURNAL_SQLITE_BACKUP_H

#include <stdbool.h>

bool backup_make(const char *path, const char *copy);

#endif
