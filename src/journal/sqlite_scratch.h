/* sqlite_scratch - a file, such as a database, that is of use only to this process, and goes when it goes.
 * Threads:    one, the main thread of a tool; one such file at a time.
 * Owns:       the file, from scratch_begin to scratch_end, and what SQLite puts beside it.
 * Invariant:  signals that end the process (SIGINT, SIGTERM and such) do so as ever, but the files are removed before.
 * Fails:      scratch_begin: false, errno says why. After SIGKILL or a power cut the files remain. */
#ifndef HUBBUB_JOURNAL_SQLITE_SCRATCH_H
#define HUBBUB_JOURNAL_SQLITE_SCRATCH_H

#include <stdbool.h>
#include <sys/types.h>

/* Makes the file, empty; there must be none of that name. */
bool scratch_begin(const char *path, mode_t mode);

/* Removes it. Who has it open may go on with it: it needs no name any more. */
void scratch_end(void);

#endif
