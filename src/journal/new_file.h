/* new_file - a file that somebody has asked for: it has its name when it is whole, and takes nobody else's.
 * Threads:    the main thread of a tool (sqlite_scratch.h).
 * Owns:       the file from new_file_begin to new_file_end, as long as it is not published.
 * Invariant:  a file that exists is never overwritten; what is called by the name is whole, whatever interrupts.
 * Fails:      false after logging why; nothing is left then, nor after a signal that ends the process. */
#ifndef HUBBUB_JOURNAL_NEW_FILE_H
#define HUBBUB_JOURNAL_NEW_FILE_H

#include <stdbool.h>
#include <sys/types.h>

struct new_file {
    const char *path;   /* borrowed: its name */
    char partial[4096]; /* what it is called until it is whole */
};

/* Makes partial, empty. */
bool new_file_begin(struct new_file *f, const char *path, mode_t mode);

/* Gives it its name, unless there is a file of that name, and sees to it that both last. */
bool new_file_publish(struct new_file *f);

/* Removes what was not published; after each new_file_begin that was true. */
void new_file_end(void);

#endif
