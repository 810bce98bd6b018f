#include "net/loop.h"

#include <stdbool.h>
#include <string.h>

static void on_timer(lws_sorted_usec_list_t *timer)
{
    struct loop *l = lws_container_of(timer, struct loop, poll.timer);

    l->timer_due(l->arg);
    lws_cancel_service(l->context); /* timers run before the sleep: there is a turn to end first */
}

static void init(struct loop *l)
{
    memset(&l->poll, 0, sizeof l->poll);
}

static void run(struct loop *l)
{
    while (!atomic_load(&l->poll.is_stopped)) {
        l->end_of_turn(l->arg);
        if (!atomic_load(&l->poll.is_stopped))
            lws_service(l->context, 0); /* sleeps until something happens, whatever the number */
    }
    lws_sul_cancel(&l->poll.timer);
}

static void run_once(struct loop *l)
{
    (void)l; /* a context without an event library is destroyed in one step */
}

static void stop(struct loop *l)
{
    atomic_store(&l->poll.is_stopped, true);
}

static void wake(struct loop *l)
{
    lws_cancel_service(l->context);
}

static void set_timer(struct loop *l, uint64_t wait_ms)
{
    lws_sul_schedule(l->context, 0, &l->poll.timer, on_timer,
                     (lws_usec_t)(wait_ms * LWS_US_PER_MS));
}

static void clear_timer(struct loop *l)
{
    lws_sul_cancel(&l->poll.timer);
}

static void destroy(struct loop *l)
{
    (void)l;
}

const struct loop_kind loop_poll = {
    .name = "poll",
    .init = init,
    .run = run,
    .run_once = run_once,
    .stop = stop,
    .wake = wake,
    .set_timer = set_timer,
    .clear_timer = clear_timer,
    .destroy = destroy,
};
