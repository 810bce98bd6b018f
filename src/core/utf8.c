#include "core/utf8.h"

#include <stdint.h>
#include <string.h>
#include <utf8proc.h>

/* Most of what people write in JSON is ASCII: eight bytes at a time. */
static size_t ascii_prefix(const char *bytes, size_t length)
{
    size_t i = 0;
    uint64_t word;

    for (; i + sizeof word <= length; i += sizeof word) {
        memcpy(&word, bytes + i, sizeof word);
        if ((word & 0x8080808080808080) != 0)
            break;
    }
    while (i < length && (unsigned char)bytes[i] < 0x80)
        i++;
    return i;
}

bool utf8_valid(const char *bytes, size_t length)
{
    while (length > 0) {
        size_t n = ascii_prefix(bytes, length);
        utf8proc_ssize_t one = 0;
        utf8proc_int32_t code_point;

        if (n < length) {
            one = utf8proc_iterate((const utf8proc_uint8_t *)bytes + n,
                                   (utf8proc_ssize_t)(length - n), &code_point);
            if (one <= 0)
                return false;
        }
        bytes += n + (size_t)one;
        length -= n + (size_t)one;
    }
    return true;
}
