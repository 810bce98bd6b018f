#include "core/name.h"
#include "base/mem.h"
#include "core/event.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

enum {
    INPUT_MAX = 1024, /* bytes; what is longer is not even looked at */
    SPACE = 0x20,
    ZERO_WIDTH_JOINER = 0x200d,
    TEXT_STYLE = 0xfe0e,  /* variation selector 15 */
    EMOJI_STYLE = 0xfe0f, /* variation selector 16 */
    KEYCAP = 0x20e3,
    BLACK_FLAG = 0x1f3f4, /* what a flag of a region starts with, spelled out in tags */
    TAG_FIRST = 0xe0020,
    TAG_LAST = 0xe007f,
    BRAILLE_BLANK = 0x2800, /* no white space to Unicode, but to the eye */
};

static const char too_long[] = "The name is too long: it may have 32 characters.";

struct code_points {
    utf8proc_int32_t at[INPUT_MAX];
    size_t count;
};

/* ---- reading ---- */

static bool is_blank(utf8proc_int32_t c)
{
    return utf8proc_category(c) == UTF8PROC_CATEGORY_ZS || c == BRAILLE_BLANK;
}

/* A line's end may cling to a name that was pasted; inside a name it is refused. */
static bool is_trimmed(utf8proc_int32_t c)
{
    return is_blank(c) || (c >= 0x09 && c <= 0x0d);
}

/* Maps the input with the given options of utf8proc and takes it apart; false if it is not UTF-8.
 */
static bool read_mapped(const char *input, size_t length, unsigned options, struct code_points *out)
{
    utf8proc_uint8_t *mapped = NULL;
    utf8proc_ssize_t left = utf8proc_map((const utf8proc_uint8_t *)input, (utf8proc_ssize_t)length,
                                         &mapped, (utf8proc_option_t)options);
    const utf8proc_uint8_t *p = mapped;

    out->count = 0;
    while (left > 0 && out->count < INPUT_MAX) {
        utf8proc_ssize_t n = utf8proc_iterate(p, left, &out->at[out->count]);

        if (n <= 0)
            break;
        out->count++;
        p += n;
        left -= n;
    }
    free(mapped);
    return left == 0;
}

/* Trims, and makes one space of each run of blanks, so that names that look alike are alike. */
static void tidy_blanks(struct code_points *text)
{
    size_t first = 0, end = text->count, kept = 0;

    while (end > 0 && is_trimmed(text->at[end - 1]))
        end--;
    while (first < end && is_trimmed(text->at[first]))
        first++;
    for (size_t i = first; i < end; i++) {
        if (!is_blank(text->at[i]))
            text->at[kept++] = text->at[i];
        else if (text->at[kept - 1] != SPACE)
            text->at[kept++] = SPACE;
    }
    text->count = kept;
}

static size_t encode(const struct code_points *text, char *out)
{
    size_t length = 0;

    for (size_t i = 0; i < text->count; i++)
        length += (size_t)utf8proc_encode_char(text->at[i], (utf8proc_uint8_t *)out + length);
    return length;
}

/* ---- judging ---- */

static bool is_pictograph(utf8proc_int32_t c)
{
    return utf8proc_get_property(c)->boundclass == UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC;
}

static bool is_tag(utf8proc_int32_t c)
{
    return c >= TAG_FIRST && c <= TAG_LAST;
}

static bool is_style(utf8proc_int32_t c)
{
    return c == TEXT_STYLE || c == EMOJI_STYLE;
}

static bool is_skin_tone(utf8proc_int32_t c)
{
    return c >= 0x1f3fb && c <= 0x1f3ff;
}

/* True if the invisible character at i is part of an emoji sequence (UTS #51, 1.4.9). */
static bool is_inside_emoji(const struct code_points *text, size_t i)
{
    utf8proc_int32_t c = text->at[i], before, after;
    size_t base = i;

    if (i == 0)
        return false;
    before = text->at[i - 1];
    after = i + 1 < text->count ? text->at[i + 1] : 0;
    if (is_tag(c))
        return before == BLACK_FLAG || is_tag(before);
    if (is_style(c))
        return is_pictograph(before) ||
               (after == KEYCAP && before < 0x80 && strchr("0123456789#*", before) != NULL);
    if (c != ZERO_WIDTH_JOINER || !is_pictograph(after))
        return false;
    while (base > 0 && (is_style(text->at[base - 1]) || is_skin_tone(text->at[base - 1])))
        base--;
    return base > 0 && is_pictograph(text->at[base - 1]);
}

static bool is_mark(utf8proc_int32_t c)
{
    utf8proc_category_t category = utf8proc_category(c);

    return category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_MC ||
           category == UTF8PROC_CATEGORY_ME;
}

/* NULL, or why the character at i may not stand there. */
static const char *fault_of_username(const struct code_points *text, size_t i)
{
    utf8proc_int32_t c = text->at[i];

    switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
        return "A name cannot hold control characters or line breaks.";
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CS:
        return "The name holds a character that not everybody can see.";
    case UTF8PROC_CATEGORY_CF:
        return is_inside_emoji(text, i) ? NULL : "A name cannot hold invisible characters.";
    default:
        return utf8proc_get_property(c)->ignorable && !is_inside_emoji(text, i)
                   ? "A name cannot hold invisible characters."
                   : NULL;
    }
}

static size_t count_graphemes(const struct code_points *text)
{
    utf8proc_int32_t state = 0;
    size_t count = text->count != 0;

    for (size_t i = 1; i < text->count; i++)
        count += utf8proc_grapheme_break_stateful(text->at[i - 1], text->at[i], &state);
    return count;
}

static enum err judge_username(const struct code_points *text, const char **reason)
{
    bool has_base = false;

    for (size_t i = 0; i < text->count; i++) {
        const char *fault = fault_of_username(text, i);

        if (fault != NULL) {
            *reason = fault;
            return ERR_INVALID;
        }
        has_base = has_base || !is_mark(text->at[i]);
    }
    if (!has_base) {
        *reason = "Please choose a name.";
        return ERR_INVALID;
    }
    if (count_graphemes(text) > USERNAME_MAX_GRAPHEMES) {
        *reason = too_long;
        return ERR_TOO_LONG;
    }
    return OK;
}

/* ---- usernames ---- */

struct username *username_restore(const char *text, size_t text_length, const char *key,
                                  size_t key_length)
{
    struct username *u = mem_alloc(sizeof *u + text_length + 1 + key_length + 1);

    u->refs = 1;
    u->text_length = (uint16_t)text_length;
    u->key_length = (uint16_t)key_length;
    memcpy(u->text, text, text_length);
    u->key = memcpy(u->text + text_length + 1, key, key_length);
    return u;
}

enum err username_make(const char *input, size_t length, struct username **out, const char **reason)
{
    struct code_points text;
    char bytes[INPUT_MAX * 4 + 1];
    utf8proc_uint8_t *key;
    struct username *u;
    enum err e;

    if (length > INPUT_MAX) {
        *reason = too_long;
        return ERR_TOO_LONG;
    }
    if (!read_mapped(input, length, UTF8PROC_STABLE | UTF8PROC_COMPOSE, &text)) {
        *reason = "The name is not UTF-8 text.";
        return ERR_INVALID;
    }
    tidy_blanks(&text);
    e = judge_username(&text, reason);
    if (e != OK)
        return e;
    length = encode(&text, bytes);
    bytes[length] = '\0';
    if (length > USERNAME_MAX_BYTES) {
        *reason = "The name is too long: it may have 128 bytes of UTF-8.";
        return ERR_TOO_LONG;
    }
    key = utf8proc_NFKC_Casefold((const utf8proc_uint8_t *)bytes);
    if (key == NULL) {
        *reason = "The server is short of memory. Try again later.";
        return ERR_NOMEM;
    }
    u = username_restore(bytes, length, (const char *)key, strlen((const char *)key));
    free(key);
    *out = u;
    return OK;
}

struct username *username_ref(struct username *u)
{
    atomic_fetch_add_explicit(&u->refs, 1, memory_order_relaxed);
    return u;
}

void username_unref(struct username **u)
{
    struct username *it = *u;

    *u = NULL;
    if (it != NULL && atomic_fetch_sub_explicit(&it->refs, 1, memory_order_acq_rel) == 1)
        mem_free(it);
}

bool emoji_is_fine(const char *bytes, size_t length)
{
    struct code_points text;
    const char *reason;
    size_t count;

    if (length > EMOJI_MAX || !read_mapped(bytes, length, UTF8PROC_STABLE, &text))
        return false;
    count = text.count;
    tidy_blanks(&text);
    return text.count == count && judge_username(&text, &reason) == OK;
}

/* ---- rooms ---- */

static bool is_room_sign(utf8proc_int32_t c)
{
    return c == '.' || c == '_' || c == '-';
}

static bool is_room_letter(const struct code_points *text, size_t i)
{
    utf8proc_int32_t c = text->at[i];

    switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LU: /* folded already: Cherokee folds to its capitals */
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL: /* the Han zero */
        return !utf8proc_get_property(c)->ignorable;
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC: /* many scripts write vowels as marks on a letter */
        return i > 0 && !is_room_sign(text->at[i - 1]) && !utf8proc_get_property(c)->ignorable;
    default:
        return is_room_sign(c);
    }
}

static enum err judge_room(const char *input, size_t length, struct code_points *text)
{
    if (length > INPUT_MAX)
        return ERR_TOO_LONG;
    if (!read_mapped(input, length,
                     UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD,
                     text))
        return ERR_INVALID;
    if (text->count == 0 || text->count > ROOM_NAME_MAX_LETTERS)
        return text->count == 0 ? ERR_INVALID : ERR_TOO_LONG;
    for (size_t i = 0; i < text->count; i++)
        if (!is_room_letter(text, i))
            return ERR_INVALID;
    return OK;
}

enum err room_name_make(const char *input, size_t length, char out[ROOM_NAME_MAX_BYTES + 1],
                        const char **reason)
{
    struct code_points text;
    enum err e = judge_room(input, length, &text);

    if (e == OK)
        out[encode(&text, out)] = '\0';
    else
        *reason = "A room's name has 1 to 64 letters, digits, dots, underscores or hyphens.";
    return e;
}
