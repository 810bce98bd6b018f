/* utf8 - whether bytes are UTF-8.
 * Threads:    any.
 * Owns:       nothing.
 * Invariant:  overlong forms, surrogates and all past U+10FFFF are refused (Unicode, table 3-7).
 * Fails:      never. */
#ifndef HUBBUB_CORE_UTF8_H
#define HUBBUB_CORE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

bool utf8_valid(const char *bytes, size_t length);

#endif
