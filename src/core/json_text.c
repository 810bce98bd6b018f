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

/* How many bytes at the start need no escape. Eight at a time: a byte below 0x20, or one that is 0 after the
 * exclusive or with a quotation mark or a backslash, borrows from its highest bit. */
static size_t plain_prefix(const char *text, size_t length)
{
    const uint64_t each = 0x0101010101010101, high = 0x80 * each;
    size_t i = 0;

    for (; i + sizeof each <= length; i += sizeof each) {
        uint64_t word, quote, backslash;

        memcpy(&word, text + i, sizeof word);
        quote = word ^ '"' * each;
        backslash = word ^ '\\' * each;
        if ((((word - ' ' * each) & ~word) | ((quote - each) & ~quote) |
             ((backslash - each) & ~backslash)) &
            high)
            break;
    }
    while (i < length && escapes[(unsigned char)text[i]] == 0)
        i++;
    return i;
}

void json_text_string(struct json_text *t, const char *text, size_t length)
{
    JSON_LITERAL(t, "\"");
    for (;;) {
        size_t plain = plain_prefix(text, length);

        json_text_raw(t, text, plain);
        if (plain == length)
            break;
        escape(t, (unsigned char)text[plain]);
        text += plain + 1;
        length -= plain + 1;
    }
    JSON_LITERAL(t, "\"");
}

size_t json_text_size(const char *text, size_t length)
{
    size_t size = length;

    for (;;) {
        size_t plain = plain_prefix(text, length);

        if (plain == length)
            return size;
        size += escapes[(unsigned char)text[plain]] == 'u' ? 5 : 1;
        text += plain + 1;
        length -= plain + 1;
    }
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
