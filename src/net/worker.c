#include "net/worker.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/hub.h"
#include "net/conn.h"
#include "net/held.h"
#include "net/http_message.h"
#include "net/protocols.h"

#include <string.h>

enum {
    /* Events that may wait for a worker before messages are refused; from an eighth of them on nothing more is read
     * from senders (mailbox_is_strained). */
    EVENTS_LIMIT = 65536,
    WRITES_PER_TURN = 4096, /* then the sockets are read again */
    ARRIVALS_PER_TURN =
        256, /* connections: of a crowd that comes at once, so that those who are here hear in between */
    HELD_BACK_MS = 5, /* between two looks whether the others have caught up */
    CLOSING_MS =
        3000, /* for the peer to answer our CLOSE frame, and to read on in what is before it */
    FAREWELL_MS = 5 * 60 * 1000, /* for it to have read all of that */
    LWS_LOG_INTERVAL_MS = 1000,
    RX_BUFFER =
        324, /* each connection has one: with what comes with it, it fills 352 bytes of heap */
    POSTPONED_MAX = 4,
    STACK_SIZE = 1024 * 1024,
    TX_PACKET = 1024 * 1024, /* one send(2) takes as much; the default would cut each write */
};

/* A client is bound to the first name of its list that is in the table; nobody can offer a name in
 * parentheses, which keeps WebSockets away from the HTTP side. */
#define HTTP_PROTOCOL "(http)"

/* libwebsockets tells of a connection's end only where there is per-session data, so the chat protocols
 * have some, though all of ours is in struct conn. */
static const struct lws_protocols protocols[] = {
    {.name = "chat",
     .callback = chat_callback,
     .per_session_data_size = sizeof(void *),
     .rx_buffer_size = RX_BUFFER,
     .tx_packet_size = TX_PACKET},
    {.name = CHAT_V2_PROTOCOL,
     .callback = chat_callback,
     .per_session_data_size = sizeof(void *),
     .rx_buffer_size = RX_BUFFER,
     .tx_packet_size = TX_PACKET},
    {.name = HTTP_PROTOCOL,
     .callback = http_callback,
     .per_session_data_size = sizeof(struct http_response),
     .tx_packet_size = TX_PACKET},
    {.name = NULL},
};

/* The worker whose loop this thread runs: it need not wake itself. */
static _Thread_local struct worker *running;

static void wake_up(void *arg)
{
    struct worker *w = arg;

    if (w != running)
        w->loop.kind->wake(&w->loop);
}

void worker_enter(struct worker *w)
{
    w->shard.now = clock_now();
}

uint32_t worker_load(const struct worker *w)
{
    return atomic_load_explicit(&w->load, memory_order_relaxed);
}

void worker_adopt(struct worker *w, int fd, const struct address_key *key)
{
    struct accepted *a = mem_alloc(sizeof *a);

    *a = (struct accepted){.fd = fd, .key = *key};
    atomic_fetch_add(&w->load, 1);
    if (mailbox_post(&w->arrivals, a))
        mailbox_wake(&w->arrivals);
}

void worker_stop(struct worker *w, uint64_t deadline_ms)
{
    uint64_t now = clock_mono_ms();

    w->stop_deadline_ms = deadline_ms;
    w->stop_patience_ms = deadline_ms > now ? now + (deadline_ms - now) / 4 : now;
    atomic_store(&w->stop_requested, true);
    w->loop.kind->wake(&w->loop);
}

static void take_arrivals(struct worker *w)
{
    size_t taken = 0;

    if (w->arriving_next == w->arriving_count) {
        w->arriving_next = 0;
        w->arriving_count = mailbox_take(&w->arrivals, &w->arriving);
    }
    for (; w->arriving_next < w->arriving_count && (w->draining || taken < ARRIVALS_PER_TURN);
         taken++)
        conn_adopt(w, w->arriving[w->arriving_next++]);
    mailbox_done(&w->arrivals, taken);
}

/* Hands waiting events to the shard: not more than a ring can take, so that nobody counts as slow
 * who had no chance to read. */
static void deliver_events(struct worker *w)
{
    const struct ring_limits *ring = &w->config->rules.ring;
    uint32_t delivered = 0;

    if (w->batch_next == w->batch_count) {
        w->batch_next = 0;
        w->batch_count = mailbox_take(w->events, &w->batch);
    }
    while (w->batch_next < w->batch_count && delivered < ring->frames / 4 &&
           w->shard.gathered < ring_turn_bytes(ring)) {
        struct event *e = w->batch[w->batch_next++];

        shard_deliver(&w->shard, e);
        event_unref(&e);
        delivered++;
    }
    mailbox_done(w->events, delivered);
    w->shard.is_behind = atomic_load(&w->events->waiting) != 0;
    w->round_rooms = shard_settle(&w->shard);
}

/* One read takes little from a socket (RX_BUFFER). If it took that much, the rest is read before anything is
 * delivered: then it costs each reader one write and not several. */
void worker_note_read(struct worker *w, const struct conn *c, size_t length)
{
    w->read_bytes = w->reading == c ? w->read_bytes + length : length;
    w->reading = c;
    if (w->read_bytes > RX_BUFFER / 2)
        w->expects_more = true;
}

static bool may_postpone(struct worker *w)
{
    bool is_so = w->expects_more && w->postponed < POSTPONED_MAX;

    w->expects_more = false;
    w->reading = NULL;
    w->postponed = is_so ? w->postponed + 1 : 0;
    return is_so;
}

/* Something waits for a turn that delivers. */
static bool has_undelivered(const struct worker *w)
{
    return atomic_load(&w->events->waiting) != 0 || !list_empty(&w->shard.returning);
}

static bool is_gathering(const struct worker *w)
{
    return gather_is_on(&w->gather, w->shard.now.mono_ms);
}

/* Sends what waits, but no more than a turn may take: whoever comes too late has the next turn, and
 * until all had theirs nothing new is delivered. */
static void flush_dirty(struct worker *w)
{
    uint32_t writes = 0;
    struct list now;

    list_init(&now);
    list_take(&w->late, &now);
    list_take(&w->dirty, &now);
    while (!list_empty(&now) && writes < WRITES_PER_TURN) {
        struct conn *c = LIST_ENTRY(now.next, struct conn, dirty);

        list_remove(&c->dirty);
        if (!list_empty(&now))
            conn_prefetch(LIST_ENTRY(now.next, struct conn, dirty));
        writes += conn_flush(c);
        held_read_on(c);
    }
    list_take(&now, &w->late);
    if (gather_is_worth(hub_workers(w->hub), w->round_rooms, writes))
        gather_begin(&w->gather, clock_mono_ms());
}

/* What is to be done when a deadline of a queue has passed. */
static void on_join_timeout(struct conn *c)
{
    deadline_cancel(&c->life);
    if (c->has_session)
        session_join_timeout(&c->session);
}

/* While the server drains, its own deadline is the one that counts for a peer that still reads. Else it has as long as
 * it reads on: what libwebsockets sends of what it keeps, it does not tell. */
static void on_closing_due(struct conn *c)
{
    struct worker *w = c->worker;
    bool is_taking = conn_is_taking(c);

    if (is_taking || (w->draining && (!c->close_written || lws_partial_buffered(c->wsi))))
        deadline_start(&c->life, &w->closing, w->shard.now.mono_ms);
    else
        conn_kill(c);
}

static void on_farewell_due(struct conn *c)
{
    deadline_cancel(&c->ping);
    if (!c->worker->draining)
        conn_kill(c);
}

static void on_ping_due(struct conn *c)
{
    struct segment *ping = frame_ping();

    deadline_start(&c->ping, &c->worker->pong, c->worker->shard.now.mono_ms);
    (void)conn_is_taking(c); /* since now, if somebody asks */
    if (c->has_session && ping != NULL)
        session_send_frame(&c->session, ping);
    segment_unref(&ping);
}

/* While it is not read because of us, its pong cannot be seen. */
static bool is_unheard(const struct conn *c)
{
    return !list_empty(&c->held_back) &&
           (hub_is_strained(c->worker->hub) || (c->has_session && session_is_owed(&c->session)));
}

static void on_pong_missing(struct conn *c)
{
    bool is_taking = conn_is_taking(c); /* then the ping may be behind much else */

    if (is_taking || is_unheard(c)) {
        deadline_start(&c->ping, &c->worker->pong, c->worker->shard.now.mono_ms);
        return;
    }
    log_debug("no_pong", "fd=%d", (int)lws_get_socket_fd(c->wsi));
    conn_kill(c);
}

#define FOR_EACH_DUE(w, q, member, action)                                                         \
    for (struct deadline * d;                                                                      \
         (d = deadline_first(q)) != NULL && d->due_ms <= (w)->shard.now.mono_ms;)                  \
    action(LIST_ENTRY(d, struct conn, member))

static void run_deadlines(struct worker *w)
{
    FOR_EACH_DUE(w, &w->header, life, conn_kill);
    FOR_EACH_DUE(w, &w->join, life, on_join_timeout);
    FOR_EACH_DUE(w, &w->closing, life, on_closing_due);
    FOR_EACH_DUE(w, &w->ping, ping, on_ping_due);
    FOR_EACH_DUE(w, &w->pong, ping, on_pong_missing);
    FOR_EACH_DUE(w, &w->farewell, ping, on_farewell_due);
}

/* 0 is never. */
static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

/* 0: nothing is due ever. */
static uint64_t next_due(struct worker *w)
{
    const struct deadline_queue *const queues[] = {&w->header, &w->join, &w->closing,
                                                   &w->ping,   &w->pong, &w->farewell};
    uint64_t next = w->draining                       ? w->stop_deadline_ms
                    : atomic_load(&w->stop_requested) ? w->stop_patience_ms
                                                      : 0;

    for (size_t i = 0; i < sizeof queues / sizeof *queues; i++) {
        const struct deadline *d = deadline_first(queues[i]);

        if (d != NULL)
            next = earlier(next, d->due_ms);
    }
    /* A snapshot of a room's people that was put off: whichever worker looks first sends it. */
    if (!hub_has_due(w->hub))
        w->users_due_ms = 0;
    else if (w->users_due_ms == 0)
        w->users_due_ms = w->shard.now.mono_ms + USERS_INTERVAL_MS / 2;
    next = earlier(next, w->users_due_ms);
    next = earlier(next, hub_due(w->hub));
    if (is_gathering(w) && has_undelivered(w))
        next = earlier(next, w->gather.until_ms);
    if (w->awaits_others)
        next = earlier(next, w->shard.now.mono_ms + HELD_BACK_MS);
    return next;
}

static void on_timer(void *arg)
{
    struct worker *w = arg;

    w->timer_due_ms = 0;
    worker_enter(w);
    w->users_due_ms = 0;
    hub_tick(w->hub, w->shard.now);
    run_deadlines(w);
}

/* due_ms: 0 for never. Nothing is done while the time stays the same, as it does in most turns. */
static void set_timer(struct worker *w, uint64_t due_ms)
{
    uint64_t now = w->shard.now.mono_ms;

    if (due_ms == w->timer_due_ms)
        return;
    w->timer_due_ms = due_ms;
    if (due_ms == 0)
        w->loop.kind->clear_timer(&w->loop);
    else
        w->loop.kind->set_timer(&w->loop, due_ms > now ? due_ms - now : 0);
}

/* Everybody is told, after what still waits for them. Until the workers have caught up, or a quarter of
 * the time is over, people are served as ever, so that what was said before the end is heard. */
static void begin_drain(struct worker *w)
{
    /* Quiet first: what the journal had is in the mailbox by then. */
    if ((!hub_is_quiet(w->hub) || atomic_load(&w->events->waiting) != 0) &&
        w->shard.now.mono_ms < w->stop_patience_ms)
        return;
    w->draining = true;
    LIST_EACH(&w->conns, pos, after)
    {
        struct conn *c = LIST_ENTRY(pos, struct conn, all);

        if (c->has_session)
            session_close(&c->session, CLOSE_GOING_AWAY, "The server is stopping.");
        else if (!c->is_responding && (c->wsi == NULL || !lws_partial_buffered(c->wsi)))
            conn_kill(c);
    }
}

static void finish(struct worker *w)
{
    w->loop.kind->stop(&w->loop);
    w->done(w->done_arg);
}

/* Runs before the loop goes to sleep: all that the callbacks of this turn caused is delivered and
 * sent, one write a connection. */
static void on_end_of_turn(void *arg)
{
    struct worker *w = arg;
    bool more;

    if (may_postpone(w)) {
        w->loop.kind->wake(&w->loop); /* poll, but do not sleep */
        return;
    }
    worker_enter(w);
    hub_flush(w->hub);
    take_arrivals(w);
    gather_look(&w->gather, atomic_load_explicit(&w->events->waiting, memory_order_relaxed));
    w->round_rooms = 0;
    if (list_empty(&w->late) && !is_gathering(w))
        deliver_events(w);
    if (!w->draining && atomic_load(&w->stop_requested))
        begin_drain(w);
    flush_dirty(w);
    held_release(w);
    more = (has_undelivered(w) && !is_gathering(w)) || atomic_load(&w->arrivals.waiting) != 0 ||
           !list_empty(&w->dirty) || !list_empty(&w->late);
    if (w->kick) {
        w->kick = false;
        lws_cancel_service(w->loop.context);
    }
    if (w->draining && (list_empty(&w->conns) || w->shard.now.mono_ms >= w->stop_deadline_ms)) {
        finish(w);
        return;
    }
    if (more)
        w->loop.kind->wake(&w->loop); /* poll, but do not sleep */
    set_timer(w, next_due(w));
}

/* Most of what libwebsockets calls an error is a client's malformed request, so it is rationed. */
static void on_lws_log(int level, const char *line)
{
    static struct log_limit limit;
    char quoted[512];
    uint64_t held;

    (void)level;
    if (log_limit_pass(&limit, clock_mono_ms(), LWS_LOG_INTERVAL_MS, &held))
        log_warn("libwebsockets", "text=%s more=%llu",
                 log_quote(quoted, sizeof quoted, line, strcspn(line, "\n")),
                 (unsigned long long)held);
}

static bool create_context(struct worker *w, const struct loop_kind *kind)
{
    static const struct lws_http_mount mount = {
        .mountpoint = "/",
        .mountpoint_len = 1,
        .origin = HTTP_PROTOCOL,
        .origin_protocol = LWSMPRO_CALLBACK,
        .protocol = HTTP_PROTOCOL,
    };
    static const lws_retry_bo_t no_validity_timers = {0};
    void *loops[] = {&w->loop.uv.loop};
    uint64_t header_s = (w->config->header_timeout + 999) / 1000;
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN_SERVER,
        .protocols = protocols,
        .mounts = &mount,
        .options = kind->context_options | LWS_SERVER_OPTION_EXPLICIT_VHOSTS,
        .foreign_loops = kind == &loop_uv ? loops : NULL,
        .retry_and_idle_policy = &no_validity_timers,
        .max_http_header_data = HTTP_REQUEST_MAX,
        .alpn = "http/1.1",
        .server_string = "hubbub",
        .user = w,
        .pcontext = &w->loop.context,
        /* The first request has a deadline of ours, exact to the millisecond; this one is for those
         * that follow it on the same connection. */
        .timeout_secs_ah_idle = header_s != 0 ? (unsigned)header_s : 24 * 3600,
    };

    w->loop.kind = kind;
    kind->init(&w->loop);
    lws_set_log_level(LLL_ERR, on_lws_log);
#if LWS_LIBRARY_VERSION_NUMBER >= 4003000
    w->log = (lws_log_cx_t){.u.emit = on_lws_log, .lll_flags = LLL_ERR};
    info.log_cx = &w->log;
#endif
    w->loop.context = lws_create_context(&info);
    if (w->loop.context != NULL)
        w->vhost = lws_create_vhost(w->loop.context, &info);
    return w->vhost != NULL;
}

/* libwebsockets takes itself down in steps, between which the loop must run to close its handles;
 * at the last one it sets the context to NULL. */
static void destroy_context(struct worker *w)
{
    for (int step = 0; step < 8 && w->loop.context != NULL; step++) {
        lws_context_destroy(w->loop.context);
        for (int turn = 0; turn < 8; turn++)
            w->loop.kind->run_once(&w->loop);
    }
    w->loop.kind->destroy(&w->loop);
}

static bool create_loop(struct worker *w)
{
    static bool is_uv_missing; /* what failed for one worker fails for all */

    if (!is_uv_missing) {
        if (create_context(w, &loop_uv))
            return true;
        destroy_context(w);
        is_uv_missing = true;
        log_warn(
            "slow_loop",
            "loop=poll hint=\"libwebsockets' libuv plugin is missing, so that many connections "
            "cost much; on Debian: apt install libwebsockets-evlib-uv\"");
    }
    if (create_context(w, &loop_poll))
        return true;
    log_error("libwebsockets_failed", "worker=%u", w->shard.worker);
    return false;
}

struct worker *worker_create(uint32_t index, const struct net_config *config, struct hub *hub,
                             struct gate *gate, struct mailbox *events, void (*done)(void *),
                             void *done_arg)
{
    struct worker *w = mem_alloc(sizeof *w);

    w->config = config;
    w->hub = hub;
    w->gate = gate;
    w->events = events;
    w->done = done;
    w->done_arg = done_arg;
    w->scratch = mem_alloc(SCRATCH_SIZE);
    pool_init(&w->pool, sizeof(struct conn));
    list_init(&w->dirty);
    list_init(&w->late);
    list_init(&w->conns);
    list_init(&w->held_back);
    deadline_queue_init(&w->header, config->header_timeout);
    deadline_queue_init(&w->join, config->join_timeout);
    deadline_queue_init(&w->ping, config->ping_interval);
    deadline_queue_init(&w->pong, config->ping_timeout);
    deadline_queue_init(&w->closing, CLOSING_MS);
    deadline_queue_init(&w->farewell, FAREWELL_MS);
    mailbox_init(events, EVENTS_LIMIT, wake_up, w);
    mailbox_init(&w->arrivals, EVENTS_LIMIT, wake_up, w);
    shard_init(&w->shard, index, hub, &config->rules);

    w->loop.arg = w;
    w->loop.end_of_turn = on_end_of_turn;
    w->loop.timer_due = on_timer;
    if (!create_loop(w)) {
        worker_destroy(w);
        return NULL;
    }
    return w;
}

static void *run(void *arg)
{
    struct worker *w = arg;

    running = w;
    w->loop.kind->run(&w->loop);
    return NULL;
}

bool worker_start(struct worker *w)
{
    pthread_attr_t attributes;
    bool is_ok;

    /* Some C libraries give a thread so little that a deeply nested JSON text would overflow it. */
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_SIZE);
    is_ok = pthread_create(&w->thread, &attributes, run, w) == 0;
    pthread_attr_destroy(&attributes);
    return is_ok;
}

void worker_join(struct worker *w)
{
    pthread_join(w->thread, NULL);
}

void worker_destroy(struct worker *w)
{
    void **items;

    w->draining = true;
    while (atomic_load(&w->arrivals.waiting) != 0)
        take_arrivals(w);
    destroy_context(w);
    while (w->batch_next < w->batch_count) {
        struct event *e = w->batch[w->batch_next++];

        event_unref(&e);
    }
    for (size_t n = mailbox_take(w->events, &items); n > 0; n--) {
        struct event *e = items[n - 1];

        event_unref(&e);
    }
    mailbox_destroy(w->events);
    mailbox_destroy(&w->arrivals);
    shard_destroy(&w->shard);
    pool_destroy(&w->pool);
    mem_free(w->scratch);
    mem_free(w);
}
