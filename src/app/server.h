/* server - the composition root: builds everything from the options, runs it, takes it down in
 * reverse.
 * Threads:    main.
 * Owns:       all parts of the running server.
 * Invariant:  returns only when every thread has ended and all memory is given back.
 * Fails:      server_run returns false after logging what could not be started. */
#ifndef HUBBUB_APP_SERVER_H
#define HUBBUB_APP_SERVER_H

#include <stdbool.h>

#include <stdio.h>

struct options;

/* Looks, without serving, at what the options name: the folder, the address, the descriptor. Says on out
 * what it found; false after logging what is wrong. */
bool server_check(const struct options *o, FILE *out);

/* Serves until SIGTERM, SIGINT or SIGHUP; a second one of these ends the process at once. */
bool server_run(const struct options *o);

#endif
