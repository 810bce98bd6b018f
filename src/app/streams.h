/* streams - the standard streams, which may be closed, full or broken.
 * Threads:    main.
 * Owns:       nothing.
 * Invariant:  no file that is opened later is taken for a standard stream; what was printed and lost is not taken for
 *             all there is.
 * Fails:      exit codes. */
#ifndef HUBBUB_APP_STREAMS_H
#define HUBBUB_APP_STREAMS_H

/* Before anything is opened. */
void streams_begin(void);

/* At the end, with the exit code so far; returns the one to end with: 1 instead of 0, after saying so, if not all of the
 * output could be written. */
int streams_end(int code);

#endif
