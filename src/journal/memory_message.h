/* memory_message - what became of one message since it was sent: kept beside its event, which never
 * changes.
 * Threads:    under the journal's lock.
 * Owns:       a reference to the newest edit, to who reacted, and to the event it last made.
 * Invariant:  emoji are in the order in which they were first used, each emoji's users in theirs; an
 *             emoji without users is gone.
 * Fails:      memory_message_now returns NULL when memory is short. */
#ifndef HUBBUB_JOURNAL_MEMORY_MESSAGE_H
#define HUBBUB_JOURNAL_MEMORY_MESSAGE_H

#include "base/err.h"
#include "core/event.h"

#include <stdbool.h>

struct memory_message;

struct memory_message *memory_message_make(void);
void memory_message_free(struct memory_message *m); /* NULL is allowed */

/* Whether the reaction would change something; *changes is set only on OK. m may be NULL: nothing was
 * done to the message yet. ERR_FULL: it has as many reactions as it may have. */
MUST_USE enum err memory_message_judge_react(const struct memory_message *m,
                                             const struct event *react, bool *changes);
/* One that memory_message_judge_react found to change something. */
void memory_message_react(struct memory_message *m, const struct event *react);
/* Takes its own reference; the edit's ts may be set later. */
void memory_message_edit(struct memory_message *m, struct event *edit);
/* It is deleted from now on, with all that was done to it. */
void memory_message_delete(struct memory_message *m);
bool memory_message_is_deleted(const struct memory_message *m); /* NULL is allowed */

/* A new reference to an event that tells the message's current state. m may be NULL. */
struct event *memory_message_now(struct memory_message *m, struct event *sent);

#endif
