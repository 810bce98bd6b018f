/* limit - a token bucket: `rate` tokens a second flow in, up to `burst`.
 * Threads:    one, its owner's. Time is passed in.
 * Owns:       nothing.
 * Invariant:  -burst <= tokens <= burst.
 * Fails:      limit_take says no; the bucket is then unchanged. */
#ifndef HUBBUB_CORE_LIMIT_H
#define HUBBUB_CORE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

struct limit {
    uint64_t updated_ms;
    int64_t millitokens;
};

struct limit_rule {
    uint32_t rate;  /* tokens a second; 0 switches the limit off */
    uint32_t burst; /* at least 1 */
};

/* A full bucket. */
void limit_init(struct limit *l, const struct limit_rule *rule, uint64_t now_ms);

/* Takes cost tokens, if there are so many. */
bool limit_take(struct limit *l, const struct limit_rule *rule, uint32_t cost, uint64_t now_ms);

/* Takes cost tokens for what has been done already, if need be from those that are still to flow in. */
void limit_charge(struct limit *l, const struct limit_rule *rule, uint32_t cost);

/* After limit_take said no: milliseconds until there are so many, as far as nobody takes any. */
uint64_t limit_wait_ms(const struct limit *l, const struct limit_rule *rule, uint32_t cost);

#endif
