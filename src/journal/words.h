/* words - what a person searches for: words, and whether a text has them all.
 * Threads:    any.
 * Owns:       words_make returns a new list, to be given to words_free.
 * Invariant:  case and compatibility forms make no difference (NFKC_Casefold). A word is found where a word
 *             of the text begins with it; one of a script without case, which may write no blanks
 *             between words, anywhere. Nothing in a search is a command.
 * Fails:      what is not UTF-8, or meets a shortage of memory, has no words. */
#ifndef HUBBUB_JOURNAL_WORDS_H
#define HUBBUB_JOURNAL_WORDS_H

#include <stdbool.h>
#include <stddef.h>

enum { WORDS_MAX = 32 /* what a search has beyond these is not looked at */ };

struct words;

struct words *words_make(const char *text);
void words_free(struct words *w); /* NULL is allowed */
bool words_empty(const struct words *w);

/* True if the text has all words; false if there are none. */
bool words_match(const struct words *w, const char *text, size_t length);

#endif
