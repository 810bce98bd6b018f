/* proto - JSON text <-> requests and events. Every byte from outside is checked here.
 * Threads:    any.
 * Owns:       a request owns its JSON until request_free; its strings point into it.
 * Invariant:  one encoder table a protocol version (struct proto); a NULL entry means that the
 *             version has no such event and its clients are not told.
 * Fails:      ERR_INVALID with a static sentence for the person at the other end; encoders return
 *             NULL when memory is short. */
#ifndef HUBBUB_CORE_PROTO_H
#define HUBBUB_CORE_PROTO_H

#include "base/err.h"
#include "core/event.h"
#include "core/flat.h"

#include <jansson.h>
#include <stddef.h>

struct segment;

enum proto_version { PROTO_V1, PROTO_VERSIONS };

struct proto {
    enum err (*encode[EVENT_TYPES])(struct segment *into, const struct event *e);
    enum err (*encode_error)(struct segment *into, const char *text);
};

/* By version. */
extern const struct proto *const protos[PROTO_VERSIONS];

/* In a file of its own; use protos. */
extern const struct proto proto_v1;

/* The fields of requests; a bit each, so that a command can name those it takes. */
enum request_field { FIELD_USERNAME, FIELD_BODY, REQUEST_FIELDS };

struct request_text {
    const char *bytes; /* borrowed from the JSON; UTF-8, NUL-terminated, no NUL inside */
    size_t length;
};

struct request {
    json_t *root;     /* owned; NULL: the text was flat */
    const char *type; /* borrowed from one of the two */
    struct request_text field[REQUEST_FIELDS];
    struct flat flat;
};

/* First step: a JSON object with a "type". bytes is valid UTF-8 of a length that the caller has
 * capped. */
MUST_USE enum err request_parse(struct request *r, const char *bytes, size_t length,
                                const char **reason);

/* Second step, when the type is known: reads the fields whose bits are set in required; all must be
 * there and be strings. */
MUST_USE enum err request_read_fields(struct request *r, unsigned required, const char **reason);

void request_free(struct request *r);

#endif
