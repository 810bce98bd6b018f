/* sqlite_tokenizer - what a word is to the index: unicode61's words, but that in scripts that are written
 * without blanks each letter is one, so that a search finds what is inside of a sentence.
 * Threads:    the connection's.
 * Owns:       nothing; what is registered belongs to the connection.
 * Invariant:  texts and searches are taken apart alike. The files depend on it: a change needs a step of the
 *             schema that builds the index anew.
 * Fails:      result codes of SQLite. */
#ifndef HUBBUB_JOURNAL_SQLITE_TOKENIZER_H
#define HUBBUB_JOURNAL_SQLITE_TOKENIZER_H

#include <sqlite3.h>

/* Makes it known to the connection, as hubbub. */
int tokenizer_register(sqlite3 *db);

#endif
