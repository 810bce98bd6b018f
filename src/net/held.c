#include "net/held.h"
#include "core/hub.h"
#include "net/conn.h"
#include "net/worker.h"

void held_back(struct conn *c)
{
    struct worker *w = c->worker;
    bool is_strained = hub_is_strained(w->hub);

    if (c->killed || !list_empty(&c->held_back) || (!is_strained && !conn_is_busy(c)))
        return;
    list_append(&w->held_back, &c->held_back);
    w->awaits_others = w->awaits_others || is_strained;
    lws_rx_flow_control(c->wsi, 0);
}

void held_read_on(struct conn *c)
{
    struct worker *w = c->worker;

    if (list_empty(&w->held_back)) /* nearly always, and this part of c is in no cache */
        return;
    if (list_empty(&c->held_back) || !list_empty(&c->dirty) || conn_is_busy(c))
        return;
    if (hub_is_strained(w->hub)) {
        w->awaits_others = true;
        return;
    }
    list_remove(&c->held_back);
    if (c->ping.queue == &w->pong) /* its pong may be in what is read only now */
        deadline_start(&c->ping, &w->pong, w->shard.now.mono_ms);
    lws_rx_flow_control(c->wsi, 1);
    w->kick = true;
}

void held_release(struct worker *w)
{
    if (!w->awaits_others)
        return;
    w->awaits_others = !list_empty(&w->held_back) && hub_is_strained(w->hub);
    if (w->awaits_others)
        return;
    LIST_EACH(&w->held_back, pos, after)
    {
        held_read_on(LIST_ENTRY(pos, struct conn, held_back));
    }
}
