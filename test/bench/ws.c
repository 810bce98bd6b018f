#include "ws.h"

#include <string.h>

bool ws_parse(const uint8_t *p, size_t have, struct ws_frame *f)
{
    size_t extra;

    if (have < 2)
        return false;
    f->opcode = p[0] & 0x0f;
    f->final = (p[0] & 0x80) != 0;
    f->length = p[1] & 0x7f;
    extra = f->length == 126 ? 2 : f->length == 127 ? 8 : 0;
    f->head = 2 + extra + ((p[1] & 0x80) != 0 ? 4 : 0);
    if (have < f->head)
        return false;
    if (extra != 0)
        f->length = 0;
    for (size_t i = 0; i < extra; i++)
        f->length = f->length << 8 | p[2 + i];
    f->mask = (p[1] & 0x80) != 0 ? p + 2 + extra : NULL;
    return true;
}

size_t ws_head(uint8_t *out, enum ws_opcode opcode, size_t length, const uint8_t *mask)
{
    size_t extra = length < 126 ? 0 : length < 65536 ? 2 : 8;
    size_t n = 2;

    out[0] = (uint8_t)(0x80 | opcode);
    out[1] = (uint8_t)(extra == 0 ? length : extra == 2 ? 126 : 127);
    for (size_t i = extra; i > 0; i--)
        out[n++] = (uint8_t)(length >> (8 * (i - 1)));
    if (mask == NULL)
        return n;
    out[1] |= 0x80;
    memcpy(out + n, mask, 4);
    return n + 4;
}

void ws_mask(uint8_t *p, size_t length, const uint8_t *mask)
{
    for (size_t i = 0; i < length; i++)
        p[i] ^= mask[i & 3];
}

static uint32_t rotate(uint32_t x, unsigned n)
{
    return x << n | x >> (32 - n);
}

/* One 64-byte block of SHA-1 (FIPS 180-4, 6.1.2). */
static void sha1_block(uint32_t h[5], const uint8_t *block)
{
    static const uint32_t k[4] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
    uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];

    for (size_t t = 0; t < 16; t++)
        w[t] = (uint32_t)block[4 * t] << 24 | (uint32_t)block[4 * t + 1] << 16 |
               (uint32_t)block[4 * t + 2] << 8 | block[4 * t + 3];
    for (size_t t = 16; t < 80; t++)
        w[t] = rotate(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
    for (size_t t = 0; t < 80; t++) {
        uint32_t f = t < 20   ? (b & c) | (~b & d)
                     : t < 40 ? b ^ c ^ d
                     : t < 60 ? (b & c) | (b & d) | (c & d)
                              : b ^ c ^ d;
        uint32_t next = rotate(a, 5) + f + e + k[t / 20] + w[t];
        e = d;
        d = c;
        c = rotate(b, 30);
        b = a;
        a = next;
    }
    h[0] += a;
    h[1] += b;
    h[2] += c;
    h[3] += d;
    h[4] += e;
}

void ws_accept(const char *key, size_t key_length, char out[WS_ACCEPT_SIZE])
{
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t h[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    uint8_t text[128] = {0}, digest[21] = {0};
    size_t n = key_length < 64 ? key_length : 64; /* a real key has 24 bytes */

    memcpy(text, key, n);
    memcpy(text + n, guid, sizeof guid - 1);
    n += sizeof guid - 1;
    text[n] = 0x80;
    text[126] = (uint8_t)(n * 8 >> 8);
    text[127] = (uint8_t)(n * 8);
    sha1_block(h, text);
    sha1_block(h, text + 64);
    for (size_t i = 0; i < 20; i++)
        digest[i] = (uint8_t)(h[i / 4] >> (24 - 8 * (i % 4)));
    for (size_t i = 0; i < 7; i++) {
        uint32_t v =
            (uint32_t)digest[3 * i] << 16 | (uint32_t)digest[3 * i + 1] << 8 | digest[3 * i + 2];
        for (size_t j = 0; j < 4; j++)
            out[4 * i + j] = digits[v >> (18 - 6 * j) & 63];
    }
    out[27] = '=';
    out[28] = '\0';
}
