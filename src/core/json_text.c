#include "core/json_text.h"
#include "core/frame.h"

void json_text_begin(struct json_text *t, struct segment *into)
{
    *t = (struct json_text){.into = into, .start = into->length};
    t->failed = segment_extend(into, FRAME_HEADER_MAX) == NULL;
}

enum err json_text_end(struct json_text *t)
{
    if (t->failed) {
        t->into->length = t->start;
        return ERR_NOMEM;
    }
    frame_finish_text(t->into, t->start);
    return OK;
}

/* The place for length more bytes, or NULL. */
static char *extend(struct json_text *t, size_t length)
{
    char *at = t->failed ? NULL : (char *)segment_extend(t->into, length);

    t->failed = at == NULL;
    return at;
}

void json_text_raw(struct json_text *t, const char *bytes, size_t length)
{
    char *at = extend(t, length);

    if (at != NULL)
        memcpy(at, bytes, length);
}

/* What follows the backslash; 0: the character stands for itself. 'u' is followed by its number. */
static const char escapes[256] = {
    ['\b'] = 'b',  ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r', ['"'] = '"',
    ['\\'] = '\\', [0] = 'u',    [1] = 'u',    [2] = 'u',    [3] = 'u',    [4] = 'u',
    [5] = 'u',     [6] = 'u',    [7] = 'u',    [0x0b] = 'u', [0x0e] = 'u', [0x0f] = 'u',
    [0x10] = 'u',  [0x11] = 'u', [0x12] = 'u', [0x13] = 'u', [0x14] = 'u', [0x15] = 'u',
    [0x16] = 'u',  [0x17] = 'u', [0x18] = 'u', [0x19] = 'u', [0x1a] = 'u', [0x1b] = 'u',
    [0x1c] = 'u',  [0x1d] = 'u', [0x1e] = 'u', [0x1f] = 'u',
};

static void escape(struct json_text *t, unsigned char character)
{
    static const char hex[] = "0123456789ABCDEF";
    char text[6] = {'\\', escapes[character], '0', '0', hex[character >> 4], hex[character & 15]};

    json_text_raw(t, text, text[1] == 'u' ? sizeof text : 2);
}

void json_text_string(struct json_text *t, const char *text, size_t length)
{
    size_t done = 0;

    JSON_LITERAL(t, "\"");
    for (size_t i = 0; i < length; i++) {
        if (escapes[(unsigned char)text[i]] == 0)
            continue;
        json_text_raw(t, text + done, i - done);
        escape(t, (unsigned char)text[i]);
        done = i + 1;
    }
    json_text_raw(t, text + done, length - done);
    JSON_LITERAL(t, "\"");
}

void json_text_number(struct json_text *t, uint64_t number)
{
    char digits[20];
    size_t i = sizeof digits;

    do
        digits[--i] = (char)('0' + number % 10);
    while ((number /= 10) != 0);
    json_text_raw(t, digits + i, sizeof digits - i);
}
