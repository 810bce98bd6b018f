#include "core/message_id.h"

#include <inttypes.h>
#include <stdio.h>

/* What a number in JSON can be in every client. */
#define SEQ_MAX (((uint64_t)1 << 53) - 1)

/* Every event that is sent has an id, so it is written without printf. */
static char *write_hex(char *at, uint64_t value)
{
    int shift = 60;

    while (shift > 0 && value >> shift == 0)
        shift -= 4;
    for (; shift >= 0; shift -= 4)
        *at++ = "0123456789abcdef"[value >> shift & 15];
    return at;
}

const char *message_id_write(const struct message_id *id, char out[MESSAGE_ID_SIZE])
{
    char *at = write_hex(out, id->epoch);

    *at++ = '-';
    at = write_hex(at, id->room);
    *at++ = '-';
    at = write_hex(at, id->seq & SEQ_MAX);
    *at = '\0';
    return out;
}

/* Lower-case hexadecimal digits without a leading zero; 0 if there are none or too many. */
static uint64_t read_hex(const char **at, const char *end)
{
    uint64_t value = 0;

    for (; *at < end && value >> 60 == 0; (*at)++) {
        char c = **at;

        if (c >= '0' && c <= '9' && (c != '0' || value != 0))
            value = value << 4 | (uint64_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            value = value << 4 | (uint64_t)(c - 'a' + 10);
        else
            break;
    }
    return value;
}

bool message_id_read(const char *text, size_t length, struct message_id *id)
{
    const char *at = text, *end = text + length;
    uint64_t *const parts[] = {&id->epoch, &id->room, &id->seq};

    for (int i = 0; i < 3; i++) {
        if (i > 0 && (at == end || *at++ != '-'))
            return false;
        *parts[i] = read_hex(&at, end);
        if (*parts[i] == 0)
            return false;
    }
    return at == end && id->seq <= SEQ_MAX;
}

const char *epoch_write(uint64_t epoch, char out[EPOCH_SIZE])
{
    snprintf(out, EPOCH_SIZE, "%" PRIx64, epoch);
    return out;
}

uint64_t epoch_read(const char *text, size_t length)
{
    const char *at = text, *end = text + length;
    uint64_t epoch = read_hex(&at, end);

    return at == end ? epoch : 0;
}
