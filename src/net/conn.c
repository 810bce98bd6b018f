#include "net/conn.h"
#include "base/mem.h"
#include "core/utf8.h"
#include "net/acked.h"
#include "net/gate.h"
#include "net/held.h"
#include "net/worker.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

_Static_assert(offsetof(struct conn, session) + offsetof(struct session, places) <=
                   2 * MEM_CACHE_LINE,
               "what a delivery touches");
_Static_assert(sizeof(struct conn) <= POOL_THING_MAX, "the pool takes it");
_Static_assert(sizeof(struct conn) <= 5 * MEM_CACHE_LINE,
               "one line more is 64 bytes for each connection");

/* At most this much leaves for one connection in one turn, so that nobody starves the others. */
enum { FLUSH_BUDGET = 1024 * 1024, FIRST_PIECES = 1024 };

struct pieces {
    size_t length, capacity;
    char bytes[];
};

static struct conn *create(struct worker *w, const struct accepted *a)
{
    struct conn *c = pool_take(&w->pool);

    c->worker = w;
    c->fd = -1;
    c->key = a->key;
    list_init(&c->all);
    list_init(&c->dirty);
    list_init(&c->held_back);
    deadline_init(&c->life);
    deadline_init(&c->ping);
    return c;
}

/* Nothing is to be sent, awaited or held back any more. */
static void forget_tasks(struct conn *c)
{
    list_remove(&c->dirty);
    list_remove(&c->held_back);
    deadline_cancel(&c->life);
    deadline_cancel(&c->ping);
}

void conn_end_session(struct conn *c, bool is_clean)
{
    if (c->has_session)
        session_end(&c->session, is_clean);
    c->has_session = false;
    c->fd = -1;
    forget_tasks(c);
}

void conn_free(struct conn *c)
{
    struct worker *w = c->worker;

    conn_end_session(c, false);
    list_remove(&c->all);
    mem_free(c->pieces);
    gate_leave(w->gate, &c->key);
    atomic_fetch_sub(&w->load, 1);
    pool_give(&w->pool, c);
}

void conn_begin_session(struct conn *c, enum proto_version version, const char *room)
{
    struct worker *w = c->worker;

    if (!lws_is_ssl(c->wsi))
        c->fd = lws_get_socket_fd(c->wsi);
    c->has_session = true;
    session_open(&c->session, &w->shard, version, &conn_wire, c, room);
    deadline_start(&c->life, &w->join, w->shard.now.mono_ms);
    deadline_start(&c->ping, &w->ping, w->shard.now.mono_ms);
}

static void adopt(struct conn *c, int fd)
{
    struct worker *w = c->worker;
    lws_adopt_desc_t adoption = {
        .vh = w->vhost,
        .type = LWS_ADOPT_SOCKET | LWS_ADOPT_HTTP | LWS_ADOPT_ALLOW_SSL,
        .fd.sockfd = fd,
        .opaque = c,
    };
    struct lws *wsi;

    list_append(&w->conns, &c->all);
    /* A failed adoption has closed the socket. If a wsi was made (LWS_CALLBACK_WSI_CREATE clears
     * w->adopting), its end frees the connection, perhaps on a later turn; if not, nobody else will. */
    w->adopting = c;
    wsi = lws_adopt_descriptor_vhost_via_info(&adoption);
    if (w->adopting == c) {
        w->adopting = NULL;
        conn_free(c);
        return;
    }
    if (wsi == NULL)
        return;
    c->wsi = wsi;
    deadline_start(&c->life, &w->header, w->shard.now.mono_ms);
}

void conn_adopt(struct worker *w, struct accepted *a)
{
    struct conn *c = create(w, a);

    if (w->draining) {
        close(a->fd);
        conn_free(c);
    } else {
        adopt(c, a->fd);
    }
    mem_free(a);
}

void conn_kill(struct conn *c)
{
    forget_tasks(c);
    if (c->killed || c->wsi == NULL)
        return;
    c->killed = true;
    lws_set_timeout(c->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
    c->worker->kick = true;
}

static void want_write(void *wire)
{
    struct conn *c = wire;

    if (list_empty(&c->dirty) && !c->killed)
        list_prepend(&c->worker->dirty, &c->dirty);
}

/* Puts as many waiting ranges together as one write takes; returns how many. One range alone, or
 * one that is larger than the scratch buffer, goes out from where it is. */
static uint32_t gather(struct conn *c, const uint8_t **bytes, size_t *length)
{
    const struct ring *ring = &c->session.ring;
    const struct range *range = ring_peek(ring, 0);
    uint8_t *scratch = c->worker->scratch;
    uint32_t n;

    *bytes = range->segment->bytes + range->offset;
    *length = range->length;
    if (ring->count == 1 || range->length > SCRATCH_SIZE)
        return 1;
    memcpy(scratch, *bytes, *length);
    *bytes = scratch;
    for (n = 1; n < ring->count; n++) {
        range = ring_peek(ring, n);
        if (*length + range->length > SCRATCH_SIZE)
            break;
        memcpy(scratch + *length, range->segment->bytes + range->offset, range->length);
        *length += range->length;
    }
    return n;
}

void conn_prefetch(const struct conn *c)
{
    /* Where a wsi, which is opaque, has what lws_partial_buffered looks at; elsewhere it only takes longer. */
    enum { WSI_KEPT = LWS_LIBRARY_VERSION_NUMBER < 4002000 ? 0x2d0 : 0x418 };
    const char *after = (const char *)LIST_ENTRY(c->dirty.next, struct conn, dirty);

    __builtin_prefetch((const char *)c->wsi + WSI_KEPT);
    __builtin_prefetch(after);
    __builtin_prefetch(after + MEM_CACHE_LINE);
}

/* Sends all of it, or what the socket takes while libwebsockets keeps the rest; false if the socket is of no use any
 * more. Nothing may be kept yet. Nearly always the socket takes it whole, and then the way through libwebsockets
 * would only cost (docs/performance.md). */
static bool write_raw(struct conn *c, const uint8_t *bytes, size_t length)
{
    ssize_t sent = c->fd >= 0 ? send(c->fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT) : 0;

    if (sent == (ssize_t)length)
        return true;
    if (sent > 0) {
        bytes += sent;
        length -= (size_t)sent;
    }
    return lws_write(c->wsi, (unsigned char *)(uintptr_t)bytes, length, LWS_WRITE_RAW) >= 0;
}

/* From now on it is pinged no more: who reads what is left shows that by doing so. */
static void begin_closing(struct conn *c)
{
    struct worker *w = c->worker;

    deadline_start(&c->life, &w->closing, w->shard.now.mono_ms);
    deadline_start(&c->ping, &w->farewell, w->shard.now.mono_ms);
    (void)conn_is_taking(c); /* since now, when that is asked */
}

/* Ready frames go out untouched, several in one system call. libwebsockets keeps what the socket did not
 * take; while it does, as also with a pong of its own, nothing more may be written (lws_partial_buffered). */
uint32_t conn_flush(struct conn *c)
{
    struct session *s = &c->session;
    size_t budget = FLUSH_BUDGET, length;
    uint32_t writes = 0, n;
    const uint8_t *bytes;
    bool is_choked;

    if (!c->has_session || c->killed)
        return 0;
    if (c->close_written)
        return 0;
    if (s->closing && c->life.queue != &c->worker->closing)
        begin_closing(c);
    if (s->unread != NOTHING_UNREAD && !lws_partial_buffered(c->wsi))
        session_flushed(s, false); /* all that has left the ring before is gone */
    while (s->ring.count != 0 && budget != 0 && !lws_partial_buffered(c->wsi)) {
        n = gather(c, &bytes, &length);
        writes++;
        if (!write_raw(c, bytes, length)) {
            conn_kill(c);
            return writes;
        }
        budget -= length < budget ? length : budget;
        ring_drop(&s->ring, n);
    }
    is_choked = lws_partial_buffered(c->wsi) != 0;
    if (is_choked)
        lws_callback_on_writable(c->wsi);
    else if (s->ring.count != 0)
        want_write(c);
    if (s->ring.count == 0)
        c->close_written = s->closing;
    session_flushed(s, is_choked);
    return writes;
}

bool conn_is_busy(const struct conn *c)
{
    return c->has_session &&
           (session_is_busy(&c->session) || (c->session.unread != NOTHING_UNREAD &&
                                             !c->session.closing && lws_partial_buffered(c->wsi)));
}

/* libwebsockets sends what it keeps without telling, so the kernel is asked. What it has left to send says nothing,
 * for that is filled up again; what the peer has confirmed does. */
bool conn_is_taking(struct conn *c)
{
    struct acked acked = acked_by_peer(lws_get_socket_fd(c->wsi));
    bool has_come_on = acked.bytes != c->acked;

    c->acked = acked.bytes;
    return has_come_on && (acked.unsent != 0 || lws_partial_buffered(c->wsi));
}

void conn_alive(struct conn *c)
{
    if (c->ping.queue != NULL && c->ping.queue != &c->worker->farewell)
        deadline_start(&c->ping, &c->worker->ping, c->worker->shard.now.mono_ms);
}

void conn_writeable(struct conn *c)
{
    conn_alive(c);
    /* Whoever still reads gets it all, and then our CLOSE. After that libwebsockets also calls for its own pongs. */
    if (c->life.queue == &c->worker->closing && (!c->close_written || lws_partial_buffered(c->wsi)))
        deadline_start(&c->life, &c->worker->closing, c->worker->shard.now.mono_ms);
    conn_flush(c);
    held_read_on(c);
}

static bool append(struct conn *c, const char *bytes, size_t length)
{
    struct pieces *p = c->pieces;
    size_t used = p != NULL ? p->length : 0, capacity = p != NULL ? p->capacity : 0;

    if (length == 0) /* an empty fragment is a fragment, but there may be no buffer yet */
        return true;
    if (used + length > capacity) {
        for (capacity = capacity != 0 ? capacity : FIRST_PIECES; capacity < used + length;)
            capacity *= 2;
        p = mem_resize(p, sizeof *p + capacity);
        if (p == NULL)
            return false;
        p->length = used;
        p->capacity = capacity;
        c->pieces = p;
    }
    memcpy(p->bytes + used, bytes, length);
    p->length = used + length;
    return true;
}

static void forget_pieces(struct conn *c)
{
    mem_free(c->pieces);
    c->pieces = NULL;
}

void conn_receive(struct conn *c, const char *bytes, size_t length)
{
    struct session *s = &c->session;
    bool is_last = lws_is_final_fragment(c->wsi) != 0;
    size_t announced = lws_remaining_packet_payload(c->wsi), limit = c->worker->config->max_frame;
    size_t waiting = c->pieces != NULL ? c->pieces->length : 0;

    if (s->closing)
        return;
    if (lws_frame_is_binary(c->wsi)) {
        session_close(s, CLOSE_UNSUPPORTED_DATA, "Send text frames, not binary ones.");
    } else if (length > limit - waiting || announced > limit - waiting - length) {
        session_close(s, CLOSE_TOO_BIG, "The message is larger than the server takes.");
    } else if (is_last && waiting == 0) {
        session_receive(s, bytes, length);
    } else if (!append(c, bytes, length)) {
        session_close(s, CLOSE_INTERNAL_ERROR, "The server is short of memory.");
    } else if (is_last) {
        session_receive(s, c->pieces->bytes, c->pieces->length);
        forget_pieces(c);
    }
    if (s->closing)
        forget_pieces(c);
}

/* The codes that an endpoint may send (RFC 6455, 7.4). */
static bool is_sendable(unsigned code)
{
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
           (code >= 3000 && code <= 4999);
}

void conn_peer_closed(struct conn *c, const uint8_t *payload, size_t length)
{
    unsigned code = length >= 2 ? (unsigned)payload[0] << 8 | payload[1] : 0;
    uint8_t reply[] = {0x88, 2, 0, 0};
    size_t reply_length = sizeof reply;

    conn_end_session(c, true);
    if (c->close_written || c->killed || lws_partial_buffered(c->wsi))
        return;
    c->close_written = true;
    if (length == 0) {
        reply[1] = 0;
        reply_length = 2;
    } else if (length == 1 || !is_sendable(code)) {
        code = 1002;
    } else if (!utf8_valid((const char *)payload + 2, length - 2)) {
        code = CLOSE_INVALID_UTF8;
    }
    reply[2] = (uint8_t)(code >> 8);
    reply[3] = (uint8_t)code;
    (void)lws_write(c->wsi, reply, reply_length, LWS_WRITE_RAW);
}

static void abort_conn(void *wire)
{
    conn_kill(wire);
}

const struct wire_ops conn_wire = {.want_write = want_write, .abort = abort_conn};
