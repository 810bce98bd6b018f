/* held - connections from which nothing is read for a while: all senders while a worker or the journal is far behind
 * with what they have sent, a single one while it waits for what it has asked for or does not read it.
 * Threads:    the worker's.
 * Owns:       nothing; the list is the worker's (worker->held_back).
 * Invariant:  who waits for itself alone is looked at when it was flushed, for nothing that it waits for comes without
 *             that (wire_ops.want_write); all are looked at only when the others' trouble is over, of which nobody
 *             is told. So those who do not read cost the others nothing.
 * Fails:      never. */
#ifndef HUBBUB_NET_HELD_H
#define HUBBUB_NET_HELD_H

struct conn;
struct worker;

/* c was read: is it to be read on? */
void held_back(struct conn *c);

/* c was flushed, and until then it was not known whether it takes what it is sent: may it be read again? */
void held_read_on(struct conn *c);

/* A turn was flushed: is the others' trouble over? */
void held_release(struct worker *w);

#endif
