#include "net/gather.h"

void gather_look(struct gather *g, size_t waiting)
{
    if (waiting >= GATHERED_MAX)
        g->until_ms = 0;
}

bool gather_is_worth(uint32_t workers, uint32_t rooms, uint32_t writes)
{
    return workers > 1 && rooms != 0 && writes >= LONG_ROUND && writes > rooms * LARGE_ROOM;
}

void gather_begin(struct gather *g, uint64_t now_ms)
{
    if (!gather_is_on(g, now_ms))
        g->until_ms = now_ms + GATHER_MS;
}
