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

void json_text_begin_own(struct json_text *t, size_t size)
{
    *t = (struct json_text){.into = segment_create(size)};
    t->failed = t->into == NULL;
}

char *json_text_take(struct json_text *t)
{
    char *text = NULL;

    JSON_LITERAL(t, "\0");
    if (!t->failed) {
        segment_trim(t->into);
        text = (char *)t->into->bytes;
        t->into->bytes = NULL;
    }
    segment_unref(&t->into);
    return text;
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

/* Writes as many characters in a row as need one; returns how many those are. */
static size_t escape(struct json_text *t, const char *text, size_t length)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t n, size = 0;
    char *at;

    for (n = 0; n < length && escapes[(unsigned char)text[n]] != 0; n++)
        size += escapes[(unsigned char)text[n]] == 'u' ? 6 : 2;
    at = extend(t, size);
    for (size_t i = 0; at != NULL && i < n; i++) {
        unsigned char character = (unsigned char)text[i];

        *at++ = '\\';
        *at++ = escapes[character];
        if (escapes[character] != 'u')
            continue;
        *at++ = '0';
        *at++ = '0';
        *at++ = hex[character >> 4];
        *at++ = hex[character & 15];
    }
    return n;
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
        size_t done = plain_prefix(text, length);

        json_text_raw(t, text, done);
        if (done == length)
            break;
        done += escape(t, text + done, length - done);
        text += done;
        length -= done;
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
