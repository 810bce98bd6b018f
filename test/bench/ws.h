/* ws - the parts of RFC 6455 that both ends of a benchmark need.
 * Threads:    any; no state.
 * Owns:       nothing.
 * Invariant:  a frame head is at most WS_HEAD_MAX bytes.
 * Fails:      ws_parse says when it needs more bytes; it accepts what a correct peer sends. */
#ifndef HUBBUB_BENCH_WS_H
#define HUBBUB_BENCH_WS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ws_opcode { WS_TEXT = 1, WS_CLOSE = 8, WS_PING = 9, WS_PONG = 10 };

enum { WS_HEAD_MAX = 14, WS_ACCEPT_SIZE = 29 };

struct ws_frame {
    uint8_t opcode;
    bool final;
    const uint8_t *mask; /* borrowed: 4 bytes inside the parsed input; NULL if not masked */
    size_t head;         /* bytes before the payload */
    uint64_t length;     /* of the payload */
};

/* Reads the head of the frame at p; false if fewer bytes than the head are there. */
bool ws_parse(const uint8_t *p, size_t have, struct ws_frame *f);

/* Writes the head of a final frame and returns its size. mask: 4 bytes, or NULL for a server. */
size_t ws_head(uint8_t *out, enum ws_opcode opcode, size_t length, const uint8_t *mask);

/* XORs length bytes with the mask, in place; masking and unmasking are the same. */
void ws_mask(uint8_t *p, size_t length, const uint8_t *mask);

/* The Sec-WebSocket-Accept that answers a Sec-WebSocket-Key, NUL-terminated. */
void ws_accept(const char *key, size_t key_length, char out[WS_ACCEPT_SIZE]);

#endif
