/* protocols - the callbacks that libwebsockets is given.
 * Threads:    each worker's own.
 * Owns:       nothing.
 * Invariant:  the first row is "chat", which libwebsockets binds a client to that names no
 *             subprotocol.
 * Fails:      never. */
#ifndef HUBBUB_NET_PROTOCOLS_H
#define HUBBUB_NET_PROTOCOLS_H

#include <libwebsockets.h>
#include <stddef.h>
#include <stdint.h>

#define CHAT_V2_PROTOCOL "chat.v2"

/* WebSocket connections, and the birth and death of all connections. */
int chat_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                  size_t length);

/* Plain HTTP requests, and the check of a request to upgrade. */
int http_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                  size_t length);

/* What the HTTP protocol keeps for each request: a response whose body is under way. */
struct http_response {
    const uint8_t *body; /* borrowed from the static files; NULL: none */
    size_t length, sent;
};

/* 0: the upgrade may go on; otherwise the refusal was answered and the value is for libwebsockets.
 */
int upgrade_check(struct lws *wsi);

#endif
