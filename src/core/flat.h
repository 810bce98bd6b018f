/* flat - reads the JSON that nearly every request is: one short object whose values are all strings without
 * escapes. It is many times as fast as the general parser, which reads everything else.
 * Threads:    any.
 * Owns:       a copy of the text, in the struct; names and values point into it.
 * Invariant:  what it takes means the same to the general parser, a field that comes twice included.
 * Fails:      false: it is something else, right or wrong. */
#ifndef HUBBUB_CORE_FLAT_H
#define HUBBUB_CORE_FLAT_H

#include <stdbool.h>
#include <stddef.h>

enum { FLAT_TEXT_MAX = 1024, FLAT_FIELDS_MAX = 8 };

struct flat_field {
    const char *name, *value; /* NUL-terminated, no NUL inside */
    size_t value_length;
};

struct flat {
    unsigned count;
    struct flat_field fields[FLAT_FIELDS_MAX];
    char text[FLAT_TEXT_MAX + 1];
};

/* bytes is valid UTF-8. */
bool flat_read(struct flat *f, const char *bytes, size_t length);

/* NULL: there is none of this name. */
const struct flat_field *flat_find(const struct flat *f, const char *name);

#endif
