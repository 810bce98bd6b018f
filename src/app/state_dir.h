/* state_dir - the folder for what has to last: the journal's file.
 * Threads:    main.
 * Owns:       nothing; the result is the caller's, for mem_free.
 * Invariant:  an explicit choice is never overruled.
 * Fails:      NULL after logging what is wrong with the folder. */
#ifndef HUBBUB_APP_STATE_DIR_H
#define HUBBUB_APP_STATE_DIR_H

#include <stdbool.h>

/* chosen: the option's value. If it is NULL or "": $STATE_DIRECTORY (systemd.exec(5)), else hubbub in
 * $XDG_STATE_HOME or ~/.local/state. must_exist: a folder that is not there is an error; otherwise it is
 * made, with those above it, for its owner alone. */
char *state_dir_find(const char *chosen, bool must_exist);

/* The journal's file in it. */
char *state_dir_journal(const char *state_dir);

#endif
