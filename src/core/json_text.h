/* json_text - writes one JSON text: straight into a segment, as the payload of a text frame, or one of its own.
 * Threads:    one, the segment's.
 * Owns:       nothing; from json_text_begin_own to json_text_take what is written, which is then the caller's.
 * Invariant:  between json_text_begin and json_text_end nothing else writes to the segment. The bytes
 *             are those that jansson would write (JSON_COMPACT), without building its tree.
 * Fails:      ERR_NOMEM from json_text_end, and the segment is then as it was before json_text_begin;
 *             NULL from json_text_take; whatever comes after a failure in between does nothing. */
#ifndef HUBBUB_CORE_JSON_TEXT_H
#define HUBBUB_CORE_JSON_TEXT_H

#include "base/err.h"
#include "core/segment.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct json_text {
    struct segment *into; /* borrowed, or of the text's own */
    uint32_t start;       /* of the frame */
    bool failed;
};

void json_text_begin(struct json_text *t, struct segment *into);

/* Finishes the frame, or takes everything back. */
MUST_USE enum err json_text_end(struct json_text *t);

/* The same without a segment and a frame. size: about how long it becomes. */
void json_text_begin_own(struct json_text *t, size_t size);

/* Finishes it; NUL-terminated, for mem_free. */
char *json_text_take(struct json_text *t);

/* Bytes as they are: braces, commas, names of fields. */
void json_text_raw(struct json_text *t, const char *bytes, size_t length);

#define JSON_LITERAL(t, literal) json_text_raw(t, literal, sizeof(literal) - 1)

/* A string in quotation marks; text is valid UTF-8 and may contain any character. */
void json_text_string(struct json_text *t, const char *text, size_t length);

/* Bytes that json_text_string would write between the quotation marks. */
size_t json_text_size(const char *text, size_t length);

void json_text_number(struct json_text *t, uint64_t number);

#endif
