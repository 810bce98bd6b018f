/* proto - JSON text <-> requests and events. Every byte from outside is checked here.
 * Threads:    any.
 * Owns:       a request owns its JSON tree until request_free; its strings point into it.
 * Invariant:  one encoder table a protocol version (struct proto); a NULL entry means that the
 *             version has no such event and its clients are not told.
 * Fails:      ERR_INVALID with a static sentence for the person at the other end; encoders return
 *             ERR_NOMEM when memory is short, with the segment unchanged. */
#ifndef HUBBUB_CORE_PROTO_H
#define HUBBUB_CORE_PROTO_H

#include "base/err.h"
#include "core/event.h"
#include "core/flat.h"

#include <jansson.h>
#include <stddef.h>

struct segment;

enum proto_version { PROTO_V1, PROTO_V2, PROTO_VERSIONS };

/* Why a request was not granted. */
enum refusal_code {
    REFUSED_BAD_REQUEST,
    REFUSED_TOO_LONG,
    REFUSED_NOT_JOINED,
    REFUSED_UNKNOWN_ROOM,
    REFUSED_UNKNOWN_MESSAGE,
    REFUSED_NOT_AUTHOR,
    REFUSED_USERNAME_INVALID,
    REFUSED_USERNAME_TAKEN,
    REFUSED_RATE_LIMITED,
    REFUSED_ROOM_LIMIT,
    REFUSED_SERVER_FULL,
    REFUSED_UNAVAILABLE,
    REFUSED_UNSUPPORTED,
    REFUSAL_CODES
};

struct refusal {
    enum refusal_code code;
    const char *text;        /* for a person; version 1 is told this alone */
    const char *cid, *room;  /* of the request; NULL: none */
    uint64_t retry_after_ms; /* 0: trying again at once is no use */
};

/* The last words before a CLOSE frame. */
struct farewell {
    unsigned code; /* that of the CLOSE frame */
    const char *reason;
    bool may_reconnect;
    uint64_t retry_after_ms;
};

struct proto {
    /* room: the room's key */
    enum err (*encode[EVENT_TYPES])(struct segment *into, struct event *e, const char *room);
    enum err (*encode_refusal)(struct segment *into, const struct refusal *why);
    enum err (*encode_farewell)(struct segment *into, const struct farewell *bye); /* or NULL */
};

/* By version. */
extern const struct proto *const protos[PROTO_VERSIONS];

/* In files of their own; use protos. */
extern const struct proto proto_v1, proto_v2;

/* ---- requests ---- */

/* The fields of requests; a bit each, so that a command can name those it takes. */
enum request_field {
    FIELD_USERNAME,
    FIELD_BODY,
    FIELD_CID,
    FIELD_ROOM,
    FIELD_KEY,
    FIELD_ID,
    FIELD_REPLY_TO,
    FIELD_EMOJI,
    FIELD_QUERY,
    FIELD_BEFORE_ID, /* "before" of a search: a message's id */
    FIELD_ON,
    FIELD_SINCE,
    FIELD_LAST,
    FIELD_BEFORE, /* "before" of a history page: a seq */
    FIELD_AFTER,
    FIELD_AROUND,
    FIELD_LIMIT,
    FIELD_TYPE, /* only to learn what is wrong with it */
    REQUEST_FIELDS
};
#define FIELD(name) (1u << FIELD_##name)

struct request_text {
    const char
        *bytes; /* borrowed from the JSON; UTF-8, NUL-terminated, no NUL inside; NULL: not given */
    size_t length;
};

struct request {
    json_t *root;                             /* owned; NULL: the text was flat */
    const char *type;                         /* borrowed from one of the two; NULL: none */
    unsigned given;                           /* the fields that were there and read, a bit each */
    struct request_text text[REQUEST_FIELDS]; /* of those that are texts */
    uint64_t number[REQUEST_FIELDS];          /* of numbers, and of booleans as 0 and 1 */
    uint64_t since_epoch; /* of FIELD_SINCE, whose seq is its number; 0: not an epoch of ours */
    struct flat flat;
};

/* First step: a JSON object. bytes is valid UTF-8 of a length that the caller has capped. A string with a
 * NUL in it is let through here and is no string later, so that the answer can have the cid. */
MUST_USE enum err request_parse(struct request *r, const char *bytes, size_t length,
                                const char **reason);

/* Second step, when the type is known: reads the fields whose bits are set in required or optional;
 * those required must be there, and all that are there of the right type. */
MUST_USE enum err request_read_fields(struct request *r, unsigned required, unsigned optional,
                                      const char **reason);

static inline bool request_has(const struct request *r, enum request_field field)
{
    return (r->given & 1u << field) != 0;
}

void request_free(struct request *r);

#endif
