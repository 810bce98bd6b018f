#include "core/limit.h"

static int64_t full(const struct limit_rule *rule)
{
    return (int64_t)rule->burst * 1000;
}

void limit_init(struct limit *l, const struct limit_rule *rule, uint64_t now_ms)
{
    l->updated_ms = now_ms;
    l->millitokens = full(rule);
}

bool limit_take(struct limit *l, const struct limit_rule *rule, uint32_t cost, uint64_t now_ms)
{
    uint64_t elapsed, missing;

    if (rule->rate == 0)
        return true;
    elapsed = now_ms > l->updated_ms ? now_ms - l->updated_ms : 0;
    missing = (uint64_t)(full(rule) - l->millitokens);
    /* rate tokens a second are rate millitokens a millisecond */
    if (elapsed > missing / rule->rate)
        l->millitokens = full(rule);
    else
        l->millitokens += (int64_t)(elapsed * rule->rate);
    l->updated_ms = now_ms;
    if (l->millitokens < (int64_t)cost * 1000)
        return false;
    l->millitokens -= (int64_t)cost * 1000;
    return true;
}

void limit_charge(struct limit *l, const struct limit_rule *rule, uint32_t cost)
{
    int64_t left = l->millitokens - (int64_t)cost * 1000;

    if (rule->rate != 0)
        l->millitokens = left > -full(rule) ? left : -full(rule);
}

uint64_t limit_wait_ms(const struct limit *l, const struct limit_rule *rule, uint32_t cost)
{
    int64_t missing = (int64_t)cost * 1000 - l->millitokens;

    if (rule->rate == 0 || missing <= 0)
        return 0;
    return ((uint64_t)missing + rule->rate - 1) / rule->rate;
}
