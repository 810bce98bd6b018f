#include "net/loop.h"

static void on_wake(uv_async_t *wake)
{
    (void)wake; /* the end of this turn looks into the mailboxes */
}

static void on_prepare(uv_prepare_t *prepare)
{
    struct loop *l = prepare->data;

    l->end_of_turn(l->arg);
}

static void on_timer(uv_timer_t *timer)
{
    struct loop *l = timer->data;

    l->timer_due(l->arg);
}

static void init(struct loop *l)
{
    uv_loop_init(&l->uv.loop);
    uv_async_init(&l->uv.loop, &l->uv.wake, on_wake);
    uv_prepare_init(&l->uv.loop, &l->uv.prepare);
    uv_timer_init(&l->uv.loop, &l->uv.timer);
    l->uv.prepare.data = l->uv.timer.data = l;
}

static void run(struct loop *l)
{
    uv_prepare_start(&l->uv.prepare, on_prepare);
    uv_run(&l->uv.loop, UV_RUN_DEFAULT);
    uv_prepare_stop(&l->uv.prepare);
    uv_timer_stop(&l->uv.timer);
}

static void run_once(struct loop *l)
{
    uv_run(&l->uv.loop, UV_RUN_NOWAIT);
}

static void stop(struct loop *l)
{
    uv_stop(&l->uv.loop);
}

static void wake(struct loop *l)
{
    uv_async_send(&l->uv.wake);
}

static void set_timer(struct loop *l, uint64_t wait_ms)
{
    uv_update_time(&l->uv.loop);
    uv_timer_start(&l->uv.timer, on_timer, wait_ms, 0);
}

static void clear_timer(struct loop *l)
{
    uv_timer_stop(&l->uv.timer);
}

static void destroy(struct loop *l)
{
    uv_close((uv_handle_t *)&l->uv.wake, NULL);
    uv_close((uv_handle_t *)&l->uv.prepare, NULL);
    uv_close((uv_handle_t *)&l->uv.timer, NULL);
    uv_run(&l->uv.loop, UV_RUN_DEFAULT);
    uv_loop_close(&l->uv.loop);
}

const struct loop_kind loop_uv = {
    .name = "libuv",
    .context_options = LWS_SERVER_OPTION_LIBUV,
    .init = init,
    .run = run,
    .run_once = run_once,
    .stop = stop,
    .wake = wake,
    .set_timer = set_timer,
    .clear_timer = clear_timer,
    .destroy = destroy,
};
