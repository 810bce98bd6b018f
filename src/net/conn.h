/* conn - one TCP connection from its acceptance to its end: first HTTP, then perhaps a session.
 * Threads:    made by the acceptor, then its worker's alone.
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

/* What a delivery touches comes first, close together. */
struct conn {
    struct list dirty;       /* in worker->dirty while frames wait */
    struct worker *worker;   /* borrowed */
    struct session *session; /* owned; NULL while the connection speaks HTTP and after its end */
    struct lws *wsi;         /* borrowed; NULL before adoption */
    bool is_responding;      /* an HTTP response is under way */
    bool close_written;      /* our CLOSE frame is libwebsockets' to send: nothing may follow it */
    bool killed;
    int fd;                /* owned until adoption, then -1 */
    struct deadline life;  /* header, join or closing */
    struct deadline ping;  /* ping or pong */
    struct list held_back; /* in worker->held_back while nothing is read from it */
    struct list all;       /* in worker->conns */
    struct address_key key;
    struct pieces *pieces; /* owned: of a message that has not come whole; NULL: none */
};

struct conn *conn_create(struct worker *w, int fd, const struct address_key *key);

/* The wsi is gone, or never came to be. */
void conn_free(struct conn *c);

/* The session is over, the connection perhaps not yet. is_clean: the peer had said good-bye. */
void conn_end_session(struct conn *c, bool is_clean);

/* Hands the socket to libwebsockets. */
void conn_adopt(struct conn *c);

/* Sends what waits in the session's ring as far as the socket takes it; returns the number of
 * writes. */
uint32_t conn_flush(struct conn *c);

/* Has the cache fetch what conn_flush will need, while there is still something else to do. */
void conn_prefetch(const struct conn *c);

/* Takes a piece of a message; the last one hands the message to the session. */
void conn_receive(struct conn *c, const char *bytes, size_t length);

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
