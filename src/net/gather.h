/* gather - when a worker lets messages wait for more of them.
 * A write costs the same however much is in it. One worker alone keeps step with its senders: while it writes they
 * hear each other, and what they say comes together at the end. Several workers are each at another place of
 * their round, and what comes from the others would go out by itself; so after a long round in large rooms a
 * worker gathers for a while.
 * Threads:    the worker's.
 * Owns:       nothing.
 * Invariant:  a pause is as long as it was meant to be when it began, or shorter: nothing that happens meanwhile moves
 *             its end. It may be cut short by gather_look alone, which is called once a turn, before all that asks
 *             gather_is_on: else part of a turn would leave something for a later one, and nobody wake it.
 * Fails:      never. */
#ifndef HUBBUB_NET_GATHER_H
#define HUBBUB_NET_GATHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    GATHER_MS = 2,     /* that messages wait after a round of so many writes or more, */
    LONG_ROUND = 128,  /* which take about half a millisecond, */
    GATHERED_MAX = 64, /* or until a turn finds so many, */
    LARGE_ROOM = 64,   /* in rooms with more of this worker's people than that, on average */
};

struct gather {
    uint64_t until_ms; /* the end of the pause, which may be over */
};

static inline bool gather_is_on(const struct gather *g, uint64_t now_ms)
{
    return now_ms < g->until_ms;
}

/* So many messages wait: they may be enough. */
void gather_look(struct gather *g, size_t waiting);

/* Whether to gather after a turn of one of so many workers that has made so many writes, of what it delivered in so
 * many rooms; 0: it delivered nothing, as during a pause. */
bool gather_is_worth(uint32_t workers, uint32_t rooms, uint32_t writes);

/* Begins a pause, unless there is one. */
void gather_begin(struct gather *g, uint64_t now_ms);

#endif
