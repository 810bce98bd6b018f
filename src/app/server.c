#include "app/server.h"
#include "app/notify.h"
#include "app/options.h"
#include "app/state_dir.h"
#include "app/static_dir.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mailbox.h"
#include "base/mem.h"
#include "base/random.h"
#include "core/hub.h"
#include "core/tail.h"
#include "journal/memory.h"
#include "journal/sqlite.h"
#include "net/gate.h"
#include "net/listener.h"
#include "net/static_files.h"
#include "net/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <uv.h>

enum {
    WORKERS_AUTO_MAX = 8,
    STOP_MARGIN_MS = 10000,
    EPOCH_BYTES = 6,
    MEMORY_EVENTS = 1000, /* that a room keeps in memory */
    MEMORY_ROOMS = 10000,
    MEMORY_BYTES = 256 * 1024 * 1024, /* that all rooms keep in memory, roughly */
    DESCRIPTORS_OWN = 1024,           /* beside one for each connection */
    DESCRIPTORS_MAX = 1024 * 1024,    /* libwebsockets keeps a table of the limit's size */
};

static const int stop_signals[] = {SIGTERM, SIGINT, SIGHUP};
enum { STOP_SIGNALS = sizeof stop_signals / sizeof *stop_signals };

struct server {
    const struct options *options; /* borrowed */
    struct net_config config;
    uv_loop_t loop;
    uv_signal_t signals[STOP_SIGNALS];
    uv_async_t worker_done;
    _Atomic uint32_t workers_running;
    struct static_files *files; /* owned */
    struct gate *gate;          /* owned */
    struct hub *hub;            /* owned */
    struct journal *journal;    /* owned */
    char build[64];
    struct mailbox *boxes;     /* owned, one a worker */
    struct worker **workers;   /* owned */
    uint32_t worker_count;     /* created */
    uint32_t started;          /* running */
    struct listener *listener; /* owned; NULL once it is closed */
    bool is_stopping;
};

/* ---- limits of the system ---- */

/* As many as the connections may need, if the hard limit allows: each worker's libwebsockets keeps a table
 * of the limit's size, and takes "unlimited" for 2560. Returns the limit, 0 if it is not known. */
static int raise_descriptor_limit(const struct options *o)
{
    struct rlimit limit;
    rlim_t wanted = DESCRIPTORS_MAX;

    if (o->max_connections != 0 && o->max_connections < DESCRIPTORS_MAX - DESCRIPTORS_OWN)
        wanted = (rlim_t)o->max_connections + DESCRIPTORS_OWN;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 0;
    limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        log_warn("descriptor_limit", "reason=\"%s\"", strerror(errno));
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < (rlim_t)o->max_connections + DESCRIPTORS_OWN)
        log_warn(
            "descriptor_limit",
            "limit=%llu max_connections=%u hint=\"raise the limit of open files (ulimit -n, or "
            "LimitNOFILE= of the systemd unit), or lower max_connections\"",
            (unsigned long long)limit.rlim_cur, o->max_connections);
    return (int)limit.rlim_cur;
}

static uint32_t count_workers(const struct options *o)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    if (o->workers != 0)
        return o->workers;
    return cores < 1 ? 1 : cores > WORKERS_AUTO_MAX ? WORKERS_AUTO_MAX : (uint32_t)cores;
}

static bool is_ready(void *arg)
{
    const struct server *s = arg;

    return s->journal->ops->is_available(s->journal);
}

/* ---- stopping ---- */

static void stop(struct server *s, int signum)
{
    char state[128];

    s->is_stopping = true;
    log_info("stopping", "signal=%s drain_time_ms=%llu", strsignal(signum),
             (unsigned long long)s->options->drain_time);
    /* The service manager waits as long as the drain may take, whatever the unit's TimeoutStopSec.
     */
    snprintf(state, sizeof state, "STOPPING=1\nSTATUS=Draining\nEXTEND_TIMEOUT_USEC=%llu",
             (unsigned long long)(s->options->drain_time + STOP_MARGIN_MS) * 1000);
    notify(state);
    listener_close(s->listener);
    s->listener = NULL;
    hub_stop(s->hub);
    for (uint32_t i = 0; i < s->started; i++)
        worker_stop(s->workers[i], clock_mono_ms() + s->options->drain_time);
}

static void on_signal(uv_signal_t *handle, int signum)
{
    struct server *s = handle->data;

    if (s->is_stopping) {
        log_warn("stopped_at_once", "signal=%s", strsignal(signum));
        _exit(1);
    }
    stop(s, signum);
}

/* Called by each worker's thread at its end. */
static void worker_is_done(void *arg)
{
    struct server *s = arg;

    atomic_fetch_sub(&s->workers_running, 1);
    uv_async_send(&s->worker_done);
}

static void on_worker_done(uv_async_t *handle)
{
    struct server *s = handle->data;

    if (atomic_load(&s->workers_running) == 0)
        uv_stop(&s->loop);
}

/* ---- starting ---- */

static void configure(struct server *s)
{
    const struct options *o = s->options;

    snprintf(s->build, sizeof s->build, "%s-%016llx", HUBBUB_VERSION,
             (unsigned long long)static_files_digest(s->files));
    s->config = (struct net_config){
        .descriptor_limit = s->config.descriptor_limit,
        .address = o->address,
        .port = (uint16_t)o->port,
        .max_connections = o->max_connections,
        .max_connections_per_address = o->max_connections_per_address,
        .header_timeout = o->header_timeout,
        .join_timeout = o->join_timeout,
        .ping_interval = o->ping_interval,
        .ping_timeout = o->ping_timeout,
        .max_frame = (size_t)o->max_frame,
        .send_buffer = (size_t)o->send_buffer,
        .allowed_origins = o->allowed_origins,
        .files = s->files,
        .is_ready = is_ready,
        .is_ready_arg = s,
        .rules =
            {
                .max_body = (size_t)o->max_body,
                .max_frame = (size_t)o->max_frame,
                .max_rooms = o->max_rooms,
                .ping_interval_ms = o->ping_interval,
                .ping_timeout_ms = o->ping_timeout,
                .server_name = o->server_name,
                .build = s->build,
                .ring = {.frames = o->ring_frames, .bytes = o->ring_bytes},
                .message_rate = {.rate = o->message_rate, .burst = o->message_burst},
            },
    };
}

static void watch_signals(struct server *s)
{
    for (unsigned i = 0; i < STOP_SIGNALS; i++) {
        uv_signal_init(&s->loop, &s->signals[i]);
        s->signals[i].data = s;
        uv_signal_start(&s->signals[i], on_signal, stop_signals[i]);
    }
}

/* How many events of a room its journal keeps; 0: all. */
static uint64_t max_events(const struct options *o)
{
    uint64_t wanted = o->history_max_messages;

    if (o->journal == JOURNAL_MEMORY && (wanted == 0 || wanted > MEMORY_EVENTS))
        return MEMORY_EVENTS;
    return wanted;
}

static struct journal *open_memory(const struct options *o, const struct journal_listener *listener)
{
    struct memory_limits limits = {.events = (uint32_t)max_events(o),
                                   .rooms = MEMORY_ROOMS,
                                   .bytes = MEMORY_BYTES,
                                   .max_age_ms = o->history_max_age};
    uint64_t epoch = 0;

    random_bytes(&epoch, EPOCH_BYTES);
    return memory_journal_create(&limits, listener, epoch | 1);
}

static struct journal *open_file(const struct options *o, const struct journal_listener *listener)
{
    char *folder = state_dir_find(o->state_dir, false);
    char *path = folder != NULL ? state_dir_journal(folder) : NULL;
    const struct sqlite_config config = {
        .path = path,
        .is_full = o->journal_sync == JOURNAL_SYNC_FULL,
        .max_age_ms = o->history_max_age,
        .max_events = max_events(o),
    };
    struct journal *journal = path != NULL ? sqlite_journal_open(&config, listener) : NULL;

    mem_free(path);
    mem_free(folder);
    return journal;
}

static bool open_journal(struct server *s)
{
    static struct journal *(*const openers[])(const struct options *,
                                              const struct journal_listener *) = {
        [JOURNAL_SQLITE] = open_file,
        [JOURNAL_MEMORY] = open_memory,
    };
    const struct journal_listener listener = {.committed = hub_committed,
                                              .answered = hub_answered,
                                              .arg = s->hub};
    const struct tail_limits limits = {.max_age_ms = s->options->history_max_age,
                                       .max_events = max_events(s->options)};

    hub_set_limits(s->hub, &limits);
    s->journal = openers[s->options->journal](s->options, &listener);
    if (s->journal != NULL)
        hub_set_journal(s->hub, s->journal);
    return s->journal != NULL;
}

static bool start_workers(struct server *s)
{
    uint32_t count = count_workers(s->options);

    s->boxes = mem_alloc(count * sizeof *s->boxes);
    s->workers = mem_alloc(count * sizeof(struct worker *));
    s->hub = hub_create(s->boxes, count, s->options->hold_time);
    if (!open_journal(s))
        return false;
    while (s->worker_count < count) {
        struct worker *w = worker_create(s->worker_count, &s->config, s->hub, s->gate,
                                         &s->boxes[s->worker_count], worker_is_done, s);

        if (w == NULL)
            return false;
        s->workers[s->worker_count++] = w;
    }
    while (s->started < count) {
        atomic_fetch_add(&s->workers_running, 1);
        if (!worker_start(s->workers[s->started])) {
            atomic_fetch_sub(&s->workers_running, 1);
            log_error("thread_failed", "worker=%u", s->started);
            return false;
        }
        s->started++;
    }
    return true;
}

/* Says where the server is: to people and the journal, to the service manager, to a supervisor. */
static void announce(const struct server *s)
{
    unsigned port = listener_port(s->listener);
    const char *address = s->options->address;
    bool is_any = address == NULL || address[0] == '\0' || strcmp(address, "*") == 0;
    char url[320], state[400];

    snprintf(url, sizeof url,
             strchr(address != NULL ? address : "", ':') != NULL && address[0] != '['
                 ? "http://[%s]:%u/"
                 : "http://%s:%u/",
             is_any ? "localhost" : address, port);
    log_info("ready", "url=%s port=%u workers=%u max_connections=%u", url, port, s->worker_count,
             s->options->max_connections);
    snprintf(state, sizeof state, "READY=1\nSTATUS=Serving %s", url);
    notify(state);
    if (s->options->ready_fd >= 0) {
        char line[16];
        int length = snprintf(line, sizeof line, "%u\n", port);

        if (write(s->options->ready_fd, line, (size_t)length) != length)
            log_warn("ready_fd", "fd=%d reason=\"%s\"", s->options->ready_fd, strerror(errno));
        if (s->options->ready_fd > STDERR_FILENO)
            close(s->options->ready_fd);
    }
}

/* ---- the end ---- */

static void close_loop(struct server *s)
{
    for (unsigned i = 0; i < STOP_SIGNALS; i++)
        uv_close((uv_handle_t *)&s->signals[i], NULL);
    uv_close((uv_handle_t *)&s->worker_done, NULL);
    uv_run(&s->loop, UV_RUN_DEFAULT);
    uv_loop_close(&s->loop);
}

static void tear_down(struct server *s)
{
    if (s->listener != NULL)
        listener_close(s->listener);
    if (s->hub != NULL)
        hub_stop(s->hub);
    for (uint32_t i = 0; i < s->started; i++) {
        if (!s->is_stopping)
            worker_stop(s->workers[i], 0);
        worker_join(s->workers[i]);
    }
    if (s->journal != NULL) /* before the mailboxes, to which it answers */
        s->journal->ops->stop(s->journal);
    for (uint32_t i = 0; i < s->worker_count; i++)
        worker_destroy(s->workers[i]);
    close_loop(s);
    if (s->hub != NULL)
        hub_destroy(s->hub);
    if (s->journal != NULL)
        s->journal->ops->destroy(s->journal);
    if (s->gate != NULL)
        gate_destroy(s->gate);
    static_files_free(s->files);
    mem_free(s->workers);
    mem_free(s->boxes);
}

/* Better than a supervisor that waits for ever. */
static bool ready_fd_is_open(const struct options *o)
{
    if (o->ready_fd < 0 || fcntl(o->ready_fd, F_GETFD) >= 0)
        return true;
    log_error("ready_fd_not_open", "ready_fd=%d hint=\"the starting program has to open it\"",
              o->ready_fd);
    return false;
}

bool server_check(const struct options *o, FILE *out)
{
    char *folder = static_dir_find(o->static_dir);
    struct static_files *files = folder != NULL ? static_files_load(folder) : NULL;
    bool is_fine = files != NULL;

    is_fine = ready_fd_is_open(o) && is_fine;
    is_fine = listener_can_use(o->address) && is_fine;
    if (files != NULL)
        fprintf(out, "Serves the files in %s.\n", folder);
    if (is_fine)
        fputs("All options are fine.\n", out);
    static_files_free(files);
    mem_free(folder);
    return is_fine;
}

/* A program may be started with these closed; then one of our own descriptors would get the number, and
 * log lines. */
static void open_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
            return;
}

bool server_run(const struct options *o)
{
    struct server s = {.options = o};
    char *folder;
    uint64_t started_ms = clock_mono_ms();
    bool is_ok = false;

    open_standard_streams();
    signal(SIGPIPE, SIG_IGN);
    s.config.descriptor_limit = raise_descriptor_limit(o);
    uv_loop_init(&s.loop);
    uv_async_init(&s.loop, &s.worker_done, on_worker_done);
    s.worker_done.data = &s;
    watch_signals(&s);

    folder = ready_fd_is_open(o) ? static_dir_find(o->static_dir) : NULL;
    s.files = folder != NULL ? static_files_load(folder) : NULL;
    if (s.files == NULL)
        goto out;
    configure(&s);
    s.gate = gate_create(o->max_connections, o->max_connections_per_address);
    if (!start_workers(&s) ||
        listener_open(&s.loop, &s.config, s.gate, s.workers, s.worker_count, &s.listener) != OK)
        goto out;
    announce(&s);
    uv_run(&s.loop, UV_RUN_DEFAULT);
    log_info("stopped", "uptime_s=%llu", (unsigned long long)(clock_mono_ms() - started_ms) / 1000);
    is_ok = true;
out:
    tear_down(&s);
    mem_free(folder);
    return is_ok;
}
