/* sqlite_search - what a person typed as an expression of FTS5.
 * Threads:    any.
 * Owns:       nothing; the result is the caller's, for mem_free.
 * Invariant:  whatever the text, the expression is well-formed; its words are looked for as they are.
 * Fails:      NULL if there is nothing to look for. */
#ifndef HUBBUB_JOURNAL_SQLITE_SEARCH_H
#define HUBBUB_JOURNAL_SQLITE_SEARCH_H

#include <stddef.h>
#include <stdint.h>

enum {
    SEARCH_WORDS_MAX = 32, /* those that follow are not looked for */
    SEARCH_ROOMS_MAX = 64, /* that an expression can name */
};

/* All words, each also as the beginning of a longer one. room_count 0: in all rooms. */
char *search_expression(const char *text, const int64_t *rooms, size_t room_count);

#endif
