/* thread - beginning one of the journal's threads.
 * Threads:    any.
 * Owns:       nothing.
 * Invariant:  signals are for the main thread.
 * Fails:      false after logging why. */
#ifndef HUBBUB_JOURNAL_THREAD_H
#define HUBBUB_JOURNAL_THREAD_H

#include <pthread.h>
#include <stdbool.h>

bool thread_start(pthread_t *thread, void *(*run)(void *), void *arg);

#endif
