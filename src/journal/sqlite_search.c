#include "journal/sqlite_search.h"
#include "base/mem.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* What else may be in a word is for the index to say. */
static bool is_word_part(char c)
{
    return (unsigned char)c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z');
}

/* Writes all words as strings of FTS5, each also the beginning of a longer one; returns the end. */
static char *write_words(char *out, const char *text)
{
    for (unsigned words = 0; *text != '\0' && words < SEARCH_WORDS_MAX;) {
        size_t length = 0;

        while (text[length] != '\0' && is_word_part(text[length]))
            length++;
        if (length == 0) {
            text++;
            continue;
        }
        *out++ = '"';
        out = (char *)memcpy(out, text, length) + length;
        out += sprintf(out, "\"* ");
        text += length;
        words++;
    }
    return out;
}

char *search_expression(const char *text, const int64_t *rooms, size_t room_count)
{
    static const char head[] = "body : (";
    char *expression = mem_try(sizeof head + 4 * strlen(text) + 32 * (room_count + 1)), *out;

    if (expression == NULL)
        return NULL;
    out = write_words(expression + sprintf(expression, "%s", head), text);
    if (out == expression + sizeof head - 1) {
        mem_free(expression);
        return NULL;
    }
    out += sprintf(out, ")");
    for (size_t i = 0; i < room_count; i++)
        out += sprintf(out, "%s\"r%" PRId64 "\"", i == 0 ? " AND room : (" : " OR ", rooms[i]);
    if (room_count != 0)
        sprintf(out, ")");
    return expression;
}
