#include "net/listener.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/address.h"
#include "net/gate.h"
#include "net/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    SOCKETS_MAX = 8,
    BACKLOG = 4096,
    ACCEPTS_PER_TURN = 256,
    PAUSE_MS = 100,          /* after an accept that failed for want of a descriptor */
    LINGER_MS = 1000,        /* a refused client has this long to read why */
    LINGERING_MAX = 64,      /* refused clients that are waited for */
    LOG_INTERVAL_MS = 10000, /* between two lines about the same refusal */
};

struct socket {
    uv_poll_t poll;
    struct listener *listener; /* borrowed */
    int fd;                    /* owned */
};

struct listener {
    uv_loop_t *loop;                 /* borrowed */
    const struct net_config *config; /* borrowed */
    struct gate *gate;               /* borrowed */
    struct worker *const *workers;   /* borrowed */
    uint32_t worker_count;
    struct socket sockets[SOCKETS_MAX];
    uint32_t socket_count;
    uint16_t port;
    int spare_fd; /* owned; -1 while it is lent */
    uv_timer_t timer;
    bool is_paused;
    uint64_t paused_until;
    struct {
        int fd; /* owned */
        uint64_t until;
    } lingering[LINGERING_MAX];
    uint32_t lingering_count;
    uint32_t open_handles;
};

static struct log_limit refused_full, refused_address, refused_descriptors;

static void on_readable(uv_poll_t *poll, int status, int events);

static int open_spare(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* ---- refusing ---- */

static const char busy_response[] = "HTTP/1.1 503 Service Unavailable\r\n"
                                    "Content-Type: text/plain; charset=utf-8\r\n"
                                    "Content-Length: 37\r\n"
                                    "Retry-After: 5\r\n"
                                    "Connection: close\r\n"
                                    "\r\n"
                                    "The server is full. Try again later.\n";

static void on_timer(uv_timer_t *timer);

static void start_timer(struct listener *l, uint64_t wait_ms)
{
    if (!uv_is_active((uv_handle_t *)&l->timer))
        uv_timer_start(&l->timer, on_timer, wait_ms, 0);
}

/* Closing while the request lies unread would reset the connection, and the answer with it. */
static void read_and_close(int fd)
{
    char unread[4096];

    for (int i = 0; i < 16 && recv(fd, unread, sizeof unread, MSG_DONTWAIT) == sizeof unread; i++)
        continue;
    close(fd);
}

/* So the socket is closed a little later, if descriptors can be spared. */
static void refuse(struct listener *l, int fd, bool may_linger)
{
    (void)send(fd, busy_response, sizeof busy_response - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    shutdown(fd, SHUT_WR);
    if (!may_linger || l->lingering_count == LINGERING_MAX) {
        read_and_close(fd);
        return;
    }
    l->lingering[l->lingering_count].fd = fd;
    l->lingering[l->lingering_count++].until = clock_mono_ms() + LINGER_MS;
    start_timer(l, LINGER_MS);
}

static void end_lingering(struct listener *l, uint64_t now)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < l->lingering_count; i++) {
        if (l->lingering[i].until > now) {
            l->lingering[kept++] = l->lingering[i];
            continue;
        }
        read_and_close(l->lingering[i].fd);
    }
    l->lingering_count = kept;
}

/* Storms of refusals are told as one line, which says what to raise. */
#define LOG_REFUSAL(limit, event, ...)                                                             \
    do {                                                                                           \
        uint64_t held_back;                                                                        \
        if (log_limit_pass(limit, clock_mono_ms(), LOG_INTERVAL_MS, &held_back))                   \
            log_warn(event, __VA_ARGS__, (unsigned long long)held_back);                           \
    } while (0)

/* ---- accepting ---- */

static struct worker *least_loaded(const struct listener *l)
{
    struct worker *best = l->workers[0];

    for (uint32_t i = 1; i < l->worker_count; i++)
        if (worker_load(l->workers[i]) < worker_load(best))
            best = l->workers[i];
    return best;
}

static void admit(struct listener *l, int fd, const struct sockaddr_storage *peer)
{
    struct address_key key = address_key(peer);
    char text[ADDRESS_TEXT_SIZE];
    int on = 1;

    /* The limit was raised from outside while we run, but libwebsockets' tables have its old size. */
    if (l->config->descriptor_limit != 0 && fd >= l->config->descriptor_limit) {
        LOG_REFUSAL(&refused_descriptors, "connection_refused",
                    "reason=descriptors limit=%d hint=\"restart to make use of a higher limit\" "
                    "more=%llu",
                    l->config->descriptor_limit);
        refuse(l, fd, false);
        return;
    }
    switch (gate_enter(l->gate, &key)) {
    case GATE_OPEN:
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        log_debug("accepted", "fd=%d address=%s", fd, address_text(peer, text));
        worker_adopt(least_loaded(l), fd, &key);
        break;
    case GATE_FULL:
        LOG_REFUSAL(&refused_full, "connection_refused",
                    "reason=full max_connections=%u hint=\"raise max_connections\" more=%llu",
                    l->config->max_connections);
        refuse(l, fd, true);
        break;
    case GATE_ADDRESS_FULL:
        LOG_REFUSAL(&refused_address, "connection_refused",
                    "reason=address_full address=%s max_connections_per_address=%u "
                    "hint=\"raise it, or set it to 0 behind a proxy\" more=%llu",
                    address_text(peer, text), l->config->max_connections_per_address);
        refuse(l, fd, true);
        break;
    }
}

static void watch(struct listener *l, bool is_on)
{
    for (uint32_t i = 0; i < l->socket_count; i++) {
        if (is_on)
            uv_poll_start(&l->sockets[i].poll, UV_READABLE, on_readable);
        else
            uv_poll_stop(&l->sockets[i].poll);
    }
}

/* Errors of one connection, not of the listener (accept(2), "Error handling"). */
static bool went_away(int error)
{
    static const int errors[] = {ECONNABORTED, EINTR,        EPROTO,     ENETDOWN,    ENOPROTOOPT,
                                 EHOSTDOWN,    EHOSTUNREACH, EOPNOTSUPP, ENETUNREACH, EPERM};

    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (errors[i] == error)
            return true;
    return false;
}

/* Most likely the process (EMFILE) or the machine (ENFILE) has no descriptor left: the spare one serves
 * to say so to those who wait, then nobody is accepted for a moment. */
static void cannot_accept(struct listener *l, int listening_fd, int error)
{
    struct rlimit limit = {0};

    getrlimit(RLIMIT_NOFILE, &limit);
    if (error == EMFILE)
        LOG_REFUSAL(
            &refused_descriptors, "connection_refused",
            "reason=descriptors limit=%llu hint=\"raise the limit of open files: ulimit -n, "
            "or LimitNOFILE= of the systemd unit\" more=%llu",
            (unsigned long long)limit.rlim_cur);
    else
        LOG_REFUSAL(&refused_descriptors, "connection_refused", "reason=\"%s\" more=%llu",
                    strerror(error));
    for (int i = 0; i < ACCEPTS_PER_TURN && l->spare_fd >= 0; i++) {
        int fd;

        close(l->spare_fd);
        fd = accept4(listening_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0)
            refuse(l, fd, false);
        l->spare_fd = open_spare();
        if (fd < 0)
            break;
    }
    watch(l, false);
    l->is_paused = true;
    l->paused_until = clock_mono_ms() + PAUSE_MS;
    uv_timer_stop(&l->timer);
    start_timer(l, PAUSE_MS);
}

static void on_timer(uv_timer_t *timer)
{
    struct listener *l = timer->data;
    uint64_t now = clock_mono_ms();

    end_lingering(l, now);
    if (l->is_paused && now >= l->paused_until) {
        if (l->spare_fd < 0)
            l->spare_fd = open_spare();
        l->is_paused = false;
        watch(l, true);
    }
    if (l->is_paused || l->lingering_count != 0)
        start_timer(l, PAUSE_MS);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct socket *s = poll->data;

    (void)status;
    (void)events;
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        struct sockaddr_storage peer = {0};
        socklen_t length = sizeof peer;
        int fd = accept4(s->fd, (struct sockaddr *)&peer, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0) {
            admit(s->listener, fd, &peer);
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return;
        } else if (!went_away(errno)) {
            cannot_accept(s->listener, s->fd, errno);
            return;
        }
    }
}

/* ---- opening ---- */

static int bind_one(const struct listener *l, const struct addrinfo *a, bool is_dual)
{
    int fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int on = 1, v6only = !is_dual, send_buffer = (int)l->config->send_buffer;

    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (a->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof v6only);
    if (send_buffer != 0) /* accepted sockets inherit it */
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer);
    if (bind(fd, a->ai_addr, a->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
        int saved = errno;

        close(fd);
        errno = saved;
        return -1;
    }
    return fd;
}

static uint16_t port_of(int fd)
{
    struct sockaddr_storage name = {0};
    socklen_t length = sizeof name;

    getsockname(fd, (struct sockaddr *)&name, &length);
    return ntohs(name.ss_family == AF_INET6
                     ? ((const struct sockaddr_in6 *)(const void *)&name)->sin6_port
                     : ((const struct sockaddr_in *)(const void *)&name)->sin_port);
}

static void add_socket(struct listener *l, int fd)
{
    struct socket *s = &l->sockets[l->socket_count++];

    s->fd = fd;
    s->listener = l;
    uv_poll_init(l->loop, &s->poll, fd);
    s->poll.data = s;
    l->open_handles++;
    l->port = port_of(fd);
}

static void set_port(struct addrinfo *a, uint16_t port)
{
    if (a->ai_family == AF_INET6)
        ((struct sockaddr_in6 *)(void *)a->ai_addr)->sin6_port = htons(port);
    else
        ((struct sockaddr_in *)(void *)a->ai_addr)->sin_port = htons(port);
}

static bool resolve(const char *address, struct addrinfo **found)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    int status = getaddrinfo(address, NULL, &hints, found);

    if (status != 0)
        log_error("listen_failed",
                  "address=%s reason=\"%s\" hint=\"give an address of this machine as address\"",
                  address, gai_strerror(status));
    return status == 0;
}

static const char *bind_hint(int error)
{
    switch (error) {
    case EADDRINUSE:
        return "another program has this port: choose another one with port";
    case EACCES:
        return "ports below 1024 need CAP_NET_BIND_SERVICE, or a proxy that listens there";
    default:
        return "is this an address of this machine?";
    }
}

/* Binds every address that a name stands for, with the same port. Those of a family that is switched off
 * here do not count as long as one can be had. */
static enum err bind_each(struct listener *l, const char *address, bool is_dual)
{
    struct addrinfo *found;
    int error = 0;

    if (!resolve(address, &found)) {
        errno = 0; /* it was told */
        return ERR_SYSTEM;
    }
    for (struct addrinfo *a = found; a != NULL && l->socket_count < SOCKETS_MAX; a = a->ai_next) {
        int fd;

        set_port(a, l->socket_count == 0 ? l->config->port : l->port);
        fd = bind_one(l, a, is_dual);
        if (fd >= 0)
            add_socket(l, fd);
        else if (error == 0 || (errno != EADDRNOTAVAIL && errno != EAFNOSUPPORT))
            error = errno;
    }
    freeaddrinfo(found);
    errno = error;
    return error == 0 || (l->socket_count != 0 && (error == EADDRNOTAVAIL || error == EAFNOSUPPORT))
               ? OK
               : ERR_SYSTEM;
}

/* No address means all: one socket for both families or, on a system without IPv6, one for IPv4. */
static enum err bind_all(struct listener *l)
{
    const char *address = l->config->address != NULL ? l->config->address : "";
    bool is_any = address[0] == '\0' || strcmp(address, "*") == 0;
    size_t length = strlen(address);
    char bare[256];
    enum err e;

    /* "[::1]", as it stands in a URL */
    if (length > 2 && length < sizeof bare && address[0] == '[' && address[length - 1] == ']') {
        snprintf(bare, sizeof bare, "%.*s", (int)length - 2, address + 1);
        address = bare;
    }
    e = bind_each(l, is_any ? "::" : address, is_any);

    if (e != OK && is_any && (errno == EADDRNOTAVAIL || errno == EAFNOSUPPORT))
        e = bind_each(l, "0.0.0.0", false);
    if (e != OK && errno != 0)
        log_error("listen_failed", "address=%s port=%u reason=\"%s\" hint=\"%s\"",
                  is_any ? "*" : address, l->config->port, strerror(errno), bind_hint(errno));
    return e;
}

bool listener_can_use(const char *address)
{
    const struct net_config config = {.address = address};
    struct listener l = {.config = &config};
    uv_loop_t loop;
    bool is_ok;

    uv_loop_init(&loop);
    l.loop = &loop;
    is_ok = bind_all(&l) == OK;
    for (uint32_t i = 0; i < l.socket_count; i++) {
        uv_close((uv_handle_t *)&l.sockets[i].poll, NULL);
        close(l.sockets[i].fd);
    }
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    return is_ok;
}

enum err listener_open(uv_loop_t *loop, const struct net_config *config, struct gate *gate,
                       struct worker *const *workers, uint32_t worker_count, struct listener **out)
{
    struct listener *l = mem_alloc(sizeof *l);

    l->loop = loop;
    l->config = config;
    l->gate = gate;
    l->workers = workers;
    l->worker_count = worker_count;
    l->spare_fd = open_spare();
    uv_timer_init(loop, &l->timer);
    l->timer.data = l;
    l->open_handles++;
    if (bind_all(l) != OK) {
        listener_close(l);
        return ERR_SYSTEM;
    }
    watch(l, true);
    *out = l;
    return OK;
}

uint16_t listener_port(const struct listener *l)
{
    return l->port;
}

/* ---- closing ---- */

static void on_handle_closed(uv_handle_t *handle)
{
    struct listener *l =
        handle->type == UV_TIMER ? handle->data : ((struct socket *)handle->data)->listener;

    if (--l->open_handles == 0)
        mem_free(l);
}

void listener_close(struct listener *l)
{
    end_lingering(l, UINT64_MAX);
    if (l->spare_fd >= 0)
        close(l->spare_fd);
    for (uint32_t i = 0; i < l->socket_count; i++) {
        uv_poll_stop(&l->sockets[i].poll);
        close(l->sockets[i].fd);
        uv_close((uv_handle_t *)&l->sockets[i].poll, on_handle_closed);
    }
    uv_timer_stop(&l->timer);
    uv_close((uv_handle_t *)&l->timer, on_handle_closed);
}
