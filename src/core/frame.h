/* frame - server-to-client WebSocket frames (RFC 6455, 5.2), written into segments ready for the
 * wire.
 * Threads:    one, the segment's.
 * Owns:       nothing; what frame_close and frame_ping return is the caller's, for segment_unref.
 * Invariant:  one call writes one whole frame or nothing.
 * Fails:      ERR_NOMEM, or NULL, when memory is short. */
#ifndef HUBBUB_CORE_FRAME_H
#define HUBBUB_CORE_FRAME_H

#include "core/segment.h"

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
    CLOSE_REPLACED = 4410,
    CLOSE_RATE_LIMITED = 4429,
};

/* Appends a text frame. */
MUST_USE enum err frame_text(struct segment *into, const char *payload, size_t length);

/* No header is longer. */
enum { FRAME_HEADER_MAX = 10 };

/* Makes a text frame of what was written into the segment from start on: FRAME_HEADER_MAX bytes for the
 * header, and then the payload, which moves to where the header ends. */
void frame_finish_text(struct segment *into, size_t start);

/* A CLOSE frame alone. reason: UTF-8, cut to the 123 bytes that a control frame has room for. */
struct segment *frame_close(enum close_code code, const char *reason);

/* A PING frame alone. It has a payload: libwebsockets does not tell of the pong to an empty ping.
 */
struct segment *frame_ping(void);

#endif
