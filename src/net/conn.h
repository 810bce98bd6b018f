/* conn - one TCP connection from its acceptance to its end: first HTTP, then perhaps a session.
 * Threads:    one, its worker's.
 * Owns:       its session, its reassembly buffer, its place at the gate.
 * Invariant:  lives exactly as long as its wsi (LWS_CALLBACK_WSI_DESTROY frees it).
 * Fails:      what fails ends this connection and no other. */
#ifndef HUBBUB_NET_CONN_H
#define HUBBUB_NET_CONN_H

#include "base/list.h"
#include "core/session.h"
#include "net/address.h"
#include "net/deadline.h"

#include <libwebsockets.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pieces;
struct worker;

/* What a delivery touches comes first, in two cache lines together with the session's part of it. */
struct conn {
    struct list dirty;     /* in worker->dirty while frames wait */
    struct worker *worker; /* borrowed */
    struct lws *wsi;       /* borrowed; NULL before adoption */
    bool is_responding;    /* an HTTP response is under way */
    bool close_written;    /* our CLOSE frame is on its way: nothing may follow it */
    bool killed;
    bool has_session; /* false while it speaks HTTP and after the session's end */
    int fd; /* borrowed from wsi: the socket to write to directly; -1: none yet, or TLS is on it */
    struct session session;
    struct deadline life;  /* header, join or closing */
    struct deadline ping;  /* ping, pong or farewell */
    struct list held_back; /* in worker->held_back while nothing is read from it */
    struct list all;       /* in worker->conns */
    struct address_key key;
    struct pieces *pieces; /* owned: of a message that has not come whole; NULL: none */
    uint32_t acked;        /* bytes that the peer had confirmed when that was last looked at */
};

/* A socket on its way to its worker. */
struct accepted {
    int fd;
    struct address_key key;
};

/* The wsi is gone, or never came to be. */
void conn_free(struct conn *c);

/* The connection is a WebSocket from now on. room: as session_open's room_key. */
void conn_begin_session(struct conn *c, enum proto_version version, const char *room);

/* The session is over, the connection perhaps not yet. is_clean: the peer had said good-bye. */
void conn_end_session(struct conn *c, bool is_clean);

/* Takes over a: makes it a connection and hands that to libwebsockets, or shuts it if the server is stopping. */
void conn_adopt(struct worker *w, struct accepted *a);

/* Sends what waits in the session's ring as far as the socket takes it; returns the number of
 * writes. */
uint32_t conn_flush(struct conn *c);

/* c is flushed after the one whose turn it is: has the cache fetch what that will need, and the connection that is dirty
 * after it, while there is still something else to do. */
void conn_prefetch(const struct conn *c);

/* Nothing should be read from it now: it waits for what it has asked for, or has not read it. */
bool conn_is_busy(const struct conn *c);

/* Takes a piece of a message; the last one hands the message to the session. */
void conn_receive(struct conn *c, const char *bytes, size_t length);

/* True if more waits for the peer than it takes at once, and it has taken some since this was last asked: it reads,
 * though perhaps not yet what was sent last. */
bool conn_is_taking(struct conn *c);

/* The peer showed a sign of life. */
void conn_alive(struct conn *c);

/* The peer has read something: sends on. */
void conn_writeable(struct conn *c);

/* The peer's CLOSE frame came, with this payload: answers it (RFC 6455, 5.5.1). */
void conn_peer_closed(struct conn *c, const uint8_t *payload, size_t length);

/* Cuts the connection, not under the caller's feet but as soon as the loop turns. */
void conn_kill(struct conn *c);

extern const struct wire_ops conn_wire;

#endif
