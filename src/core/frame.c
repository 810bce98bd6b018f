#include "core/frame.h"

#include <string.h>

enum {
    FIN = 0x80,
    OPCODE_TEXT = 0x1,
    OPCODE_CLOSE = 0x8,
    OPCODE_PING = 0x9,
    CONTROL_PAYLOAD_MAX = 125,
};

static size_t write_header(uint8_t *out, uint8_t opcode, size_t length)
{
    size_t extended = length < 126 ? 0 : length < 65536 ? 2 : 8;

    out[0] = (uint8_t)(FIN | opcode);
    out[1] = (uint8_t)(extended == 0 ? length : extended == 2 ? 126 : 127);
    for (size_t i = 0; i < extended; i++)
        out[2 + i] = (uint8_t)((uint64_t)length >> 8 * (extended - 1 - i));
    return 2 + extended;
}

static enum err append(struct segment *into, uint8_t opcode, const void *payload, size_t length)
{
    uint8_t header[FRAME_HEADER_MAX];
    size_t header_length = write_header(header, opcode, length);
    uint8_t *at = segment_extend(into, header_length + length);

    if (at == NULL)
        return ERR_NOMEM;
    memcpy(at, header, header_length);
    memcpy(at + header_length, payload, length);
    return OK;
}

static struct segment *alone(uint8_t opcode, const void *payload, size_t length)
{
    struct segment *s = segment_create(FRAME_HEADER_MAX + length);

    if (s != NULL && append(s, opcode, payload, length) != OK)
        segment_unref(&s);
    return s;
}

enum err frame_text(struct segment *into, const char *payload, size_t length)
{
    return append(into, OPCODE_TEXT, payload, length);
}

void frame_finish_text(struct segment *into, size_t start)
{
    size_t length = into->length - start - FRAME_HEADER_MAX;
    size_t header_length = write_header(into->bytes + start, OPCODE_TEXT, length);
    uint8_t *payload = into->bytes + start + FRAME_HEADER_MAX;

    memmove(into->bytes + start + header_length, payload, length);
    into->length = (uint32_t)(start + header_length + length);
}

struct segment *frame_close(enum close_code code, const char *reason)
{
    uint8_t payload[CONTROL_PAYLOAD_MAX];
    size_t length = strlen(reason), limit = sizeof payload - 2;

    if (length > limit)
        for (length = limit; ((unsigned char)reason[length] & 0xc0) == 0x80;)
            length--; /* never cut a code point in two */
    payload[0] = (uint8_t)(code >> 8);
    payload[1] = (uint8_t)code;
    memcpy(payload + 2, reason, length);
    return alone(OPCODE_CLOSE, payload, 2 + length);
}

struct segment *frame_ping(void)
{
    static const char payload[] = "hubbub";

    return alone(OPCODE_PING, payload, sizeof payload - 1);
}
