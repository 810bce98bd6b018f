#include "journal/words.h"
#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

struct word {
    const char *text; /* in folded; NUL-terminated */
    bool is_anywhere; /* its script has no case */
};

struct words {
    char *folded; /* owned, by utf8proc */
    struct word words[WORDS_MAX];
    size_t count;
};

static bool is_ascii(const char *text, size_t length)
{
    unsigned char all = 0;

    for (size_t i = 0; i < length; i++)
        all |= (unsigned char)text[i];
    return all < 0x80;
}

/* The text as it is compared, to be given to free; NULL: no memory, or no UTF-8. Most of what people write
 * is ASCII, for which utf8proc would take twenty times as long. */
static char *fold(const char *text, size_t length)
{
    utf8proc_uint8_t *folded = NULL;

    if (is_ascii(text, length)) {
        folded = malloc(length + 1);
        if (folded == NULL)
            return NULL;
        for (size_t i = 0; i < length; i++)
            folded[i] =
                (utf8proc_uint8_t)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] + 32 : text[i]);
        folded[length] = '\0';
        return (char *)folded;
    }
    if (utf8proc_map((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)length, &folded,
                     UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD |
                         UTF8PROC_IGNORE) < 0)
        return NULL;
    return (char *)folded;
}

/* The code point at text, which is valid UTF-8 and not at its end, and its length. */
static utf8proc_int32_t read_at(const char *text, size_t *length)
{
    utf8proc_int32_t c = -1;
    utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)text, -1, &c);

    *length = n > 0 ? (size_t)n : 1;
    return c;
}

static bool is_word_part(utf8proc_int32_t c)
{
    if (c >= 0 && c < 0x80)
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
        return true;
    default:
        return false;
    }
}

struct words *words_make(const char *text)
{
    struct words *w = mem_alloc(sizeof *w);
    char *at = w->folded = fold(text, strlen(text));
    size_t length;

    if (at == NULL)
        return w;
    while (*at != '\0' && w->count < WORDS_MAX) {
        struct word *word = &w->words[w->count];
        utf8proc_int32_t c = read_at(at, &length);

        if (!is_word_part(c)) {
            at += length;
            continue;
        }
        word->text = at;
        word->is_anywhere = utf8proc_category(c) == UTF8PROC_CATEGORY_LO;
        while (*at != '\0' && is_word_part(read_at(at, &length)))
            at += length;
        if (*at != '\0') {
            *at = '\0';
            at += length;
        }
        w->count++;
    }
    return w;
}

void words_free(struct words *w)
{
    if (w == NULL)
        return;
    free(w->folded);
    mem_free(w);
}

bool words_empty(const struct words *w)
{
    return w->count == 0;
}

static bool is_word_start(const char *text, const char *at)
{
    const char *before = at;
    size_t length;

    if (at == text)
        return true;
    do
        before--;
    while (before > text && ((unsigned char)*before & 0xc0) == 0x80);
    return !is_word_part(read_at(before, &length));
}

static bool has_word(const char *text, const struct word *word)
{
    const char *at = strstr(text, word->text);
    size_t length;

    while (at != NULL && !word->is_anywhere && !is_word_start(text, at)) {
        /* On behind the word, not only behind its letter: else "aaaa..." takes for ever. */
        while (*at != '\0' && is_word_part(read_at(at, &length)))
            at += length;
        at = strstr(at, word->text);
    }
    return at != NULL;
}

bool words_match(const struct words *w, const char *text, size_t length)
{
    char *folded = w->count != 0 ? fold(text, length) : NULL;
    bool found = folded != NULL;

    for (size_t i = 0; i < w->count && found; i++)
        found = has_word(folded, &w->words[i]);
    free(folded);
    return found;
}
