/* frame - one server-to-client WebSocket frame (RFC 6455, 5.2), header and payload, ready for the
 * wire. Threads:    one: a frame is made, shared and freed by the worker that sends it, so its
 * count is plain. Owns:       one allocation. A constructor returns one reference; frame_unref
 * gives it back. Invariant:  bytes never change after the constructor returned. Fails: constructors
 * return NULL when memory is short. */
#ifndef HUBBUB_CORE_FRAME_H
#define HUBBUB_CORE_FRAME_H

#include <stddef.h>
#include <stdint.h>

/* Close codes (RFC 6455, 7.4.1; from 4400 our own: the HTTP status of the same meaning plus 4000).
 */
enum close_code {
    CLOSE_GOING_AWAY = 1001,
    CLOSE_UNSUPPORTED_DATA = 1003,
    CLOSE_INVALID_UTF8 = 1007,
    CLOSE_TOO_BIG = 1009,
    CLOSE_INTERNAL_ERROR = 1011,
    CLOSE_TRY_AGAIN_LATER = 1013,
    CLOSE_BAD_REQUEST = 4400,
    CLOSE_JOIN_TIMEOUT = 4408,
    CLOSE_NAME_TAKEN = 4409,
    CLOSE_RATE_LIMITED = 4429,
};

struct frame {
    uint32_t refs;
    uint32_t length; /* of bytes */
    uint8_t bytes[];
};

struct frame *frame_text(const char *payload, size_t length);

/* reason: UTF-8, cut to the 123 bytes that a control frame has room for. */
struct frame *frame_close(enum close_code code, const char *reason);

/* With a payload: libwebsockets does not tell of the pong to an empty ping. */
struct frame *frame_ping(void);

static inline struct frame *frame_ref(struct frame *f)
{
    f->refs++;
    return f;
}

/* Drops one reference and sets *f to NULL; NULL is allowed. */
void frame_unref(struct frame **f);

#endif
