/* receipt - what a session is told of its own requests once the journal is done with them.
 * Threads:    one, the session's worker.
 * Owns:       nothing.
 * Invariant:  a request is answered exactly once, before the room hears of what it did.
 * Fails:      as session_answer. */
#ifndef HUBBUB_CORE_RECEIPT_H
#define HUBBUB_CORE_RECEIPT_H

struct event;
struct session;

/* What the answer to a query is for (query.purpose). */
enum query_purpose { FOR_ARRIVAL, FOR_HISTORY, FOR_SEARCH, FOR_ROOMS };

/* A durable event that the session sent. */
void receipt_of_event(struct session *s, const struct event *e);

/* A question that the session asked. */
void receipt_of_answer(struct session *s, struct event *e);

#endif
