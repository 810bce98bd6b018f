#include "base/hash.h"

#include <pthread.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

static uint64_t key[2];
static pthread_once_t key_once = PTHREAD_ONCE_INIT;

static void draw_key(void)
{
    if (getrandom(key, sizeof key, 0) != sizeof key) {
        key[0] = (uint64_t)time(NULL);
        key[1] = (uint64_t)(uintptr_t)&key;
    }
}

static uint64_t rotate(uint64_t x, unsigned by)
{
    return x << by | x >> (64 - by);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] = rotate(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] = rotate(v[2], 32);
}

/* Little-endian on every machine; one instruction on most. */
static uint64_t read_word(const unsigned char *p)
{
    uint64_t word = 0;

    for (int i = 0; i < 8; i++)
        word |= (uint64_t)p[i] << 8 * i;
    return word;
}

uint64_t hash_keyed(const uint64_t by[2], const void *bytes, size_t length)
{
    const unsigned char *p = bytes;
    uint64_t v[4], word;
    size_t left = length;

    v[0] = by[0] ^ 0x736f6d6570736575;
    v[1] = by[1] ^ 0x646f72616e646f6d;
    v[2] = by[0] ^ 0x6c7967656e657261;
    v[3] = by[1] ^ 0x7465646279746573;
    for (; left >= sizeof word; left -= sizeof word, p += sizeof word) {
        word = read_word(p);
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
    }
    word = (uint64_t)length << 56;
    for (size_t i = 0; i < left; i++)
        word |= (uint64_t)p[i] << 8 * i;
    v[3] ^= word;
    sip_round(v);
    v[0] ^= word;
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t hash_bytes(const void *bytes, size_t length)
{
    pthread_once(&key_once, draw_key);
    return hash_keyed(key, bytes, length);
}
