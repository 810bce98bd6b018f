#include "core/limit.h"

void limit_init(struct limit *l, const struct limit_rule *rule, uint64_t now_ms)
{
    l->updated_ms = now_ms;
    l->millitokens = (uint64_t)rule->burst * 1000;
}

bool limit_take(struct limit *l, const struct limit_rule *rule, uint32_t cost, uint64_t now_ms)
{
    uint64_t full = (uint64_t)rule->burst * 1000, elapsed, missing;

    if (rule->rate == 0)
        return true;
    elapsed = now_ms > l->updated_ms ? now_ms - l->updated_ms : 0;
    missing = full - l->millitokens;
    /* rate tokens a second are rate millitokens a millisecond */
    if (elapsed > missing / rule->rate)
        l->millitokens = full;
    else
        l->millitokens += elapsed * rule->rate;
    l->updated_ms = now_ms;
    if (l->millitokens < (uint64_t)cost * 1000)
        return false;
    l->millitokens -= (uint64_t)cost * 1000;
    return true;
}

uint64_t limit_wait_ms(const struct limit *l, const struct limit_rule *rule, uint32_t cost)
{
    uint64_t wanted = (uint64_t)cost * 1000;

    if (rule->rate == 0 || l->millitokens >= wanted)
        return 0;
    return (wanted - l->millitokens + rule->rate - 1) / rule->rate;
}
