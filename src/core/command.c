/* command - the table of requests, and the way of each from a text to its handler.
 * session_receive (session.h) comes in here with every complete text message. */
#include "core/command.h"
#include "core/arrival.h"
#include "core/hub.h"
#include "core/name.h"
#include "core/ports.h"
#include "core/proto_v2.h"
#include "core/shard.h"
#include "core/utf8.h"

#include <string.h>

enum {
    FAULTS_MAX = 10,   /* malformed requests in a row that end a session */
    REFUSED_MAX = 100, /* requests over the rate limit in a row that end a session */
    REFUSED_KIB = 4,   /* of such a request cost as much as a message */
    LAST_MAX = 200,    /* messages that `join` may ask for */
};

static const char default_room[] = "lobby";

enum err asked_refuse(const struct asked *a, enum refusal_code code, const char *text)
{
    const struct refusal why = {
        .code = code,
        .text = text,
        .cid = a->cid,
        .room = a->room_key,
        .retry_after_ms = code == REFUSED_UNAVAILABLE ? 1000 : 0,
    };

    session_refuse(a->session, &why);
    return code == REFUSED_BAD_REQUEST || code == REFUSED_TOO_LONG || code == REFUSED_UNSUPPORTED
               ? ERR_INVALID
               : OK;
}

bool asked_is_here(const struct asked *a, const struct request_text *text, struct message_id *id)
{
    struct hub *hub = a->session->shard->hub;

    return message_id_read(text->bytes, text->length, id) && id->epoch == hub_journal(hub)->epoch &&
           id->room == hub_log_room(hub, a->place->room);
}

/* ---- coming and going ---- */

static enum err join_v1(const struct asked *a)
{
    const struct request_text *name = &a->request->text[FIELD_USERNAME];

    if (a->session->username != NULL)
        return asked_refuse(a, REFUSED_BAD_REQUEST, "You have joined already."), OK;
    session_join(a->session, name->bytes, name->length);
    return OK;
}

static uint32_t count_places(const struct session *s)
{
    uint32_t count = 0;

    for (const struct place *p = s->places; p != NULL; p = p->next)
        count++;
    return count;
}

static enum err join_v2(const struct asked *a)
{
    const struct request *r = a->request;
    struct session *s = a->session;
    const struct arrival_wish wish = {
        .cid = a->cid,
        .has_since = request_has(r, FIELD_SINCE),
        .since_epoch = r->since_epoch,
        .since = r->number[FIELD_SINCE],
        .last = r->number[FIELD_LAST] > LAST_MAX ? LAST_MAX : (uint32_t)r->number[FIELD_LAST],
    };

    if (a->place != NULL && !wish.has_since) /* else it has seen a hole and comes in once more */
        return asked_refuse(a, REFUSED_BAD_REQUEST, "You are in this room already.");
    if (a->place == NULL && count_places(s) >= s->shard->rules->max_rooms)
        return asked_refuse(a, REFUSED_ROOM_LIMIT,
                            "You are in as many rooms as one connection may be.");
    if (s->username == NULL) {
        if (!request_has(r, FIELD_USERNAME))
            return asked_refuse(a, REFUSED_BAD_REQUEST, "The first \"join\" needs a \"username\".");
        if (!arrival_sign_in(s, &r->text[FIELD_USERNAME],
                             request_has(r, FIELD_KEY) ? &r->text[FIELD_KEY] : NULL, a->cid))
            return OK;
    }
    arrival_begin(s, a->room_key, &wish);
    return OK;
}

static enum err leave(const struct asked *a)
{
    const struct v2_reply left = {.type = "left", .cid = a->cid, .room = a->room_key};

    session_answer(a->session, v2_reply, &left);
    if (!a->session->closing)
        session_drop_place(a->place, LEAVE_QUIT);
    return OK;
}

/* ---- the table ---- */

enum needs { NEEDS_NOTHING, NEEDS_ROOM, NEEDS_PLACE };

struct command {
    const char *type;
    enum err (*run)(const struct asked *a);
    unsigned required, optional; /* bits of enum request_field */
    enum needs needs;
};

static const struct command v1_commands[] = {
    {"join", join_v1, FIELD(USERNAME), 0, NEEDS_NOTHING},
    {"message", do_message, FIELD(BODY), 0, NEEDS_PLACE},
    {0},
};

static const struct command v2_commands[] = {
    {"join", join_v2, 0, FIELD(ROOM) | FIELD(USERNAME) | FIELD(KEY) | FIELD(SINCE) | FIELD(LAST),
     NEEDS_ROOM},
    {"leave", leave, FIELD(ROOM), 0, NEEDS_PLACE},
    {"message", do_message, FIELD(ROOM) | FIELD(BODY), FIELD(REPLY_TO), NEEDS_PLACE},
    {"edit", do_edit, FIELD(ROOM) | FIELD(ID) | FIELD(BODY), 0, NEEDS_PLACE},
    {"delete", do_delete, FIELD(ROOM) | FIELD(ID), 0, NEEDS_PLACE},
    {"react", do_react, FIELD(ROOM) | FIELD(ID) | FIELD(EMOJI) | FIELD(ON), 0, NEEDS_PLACE},
    {"typing", do_typing, FIELD(ROOM), 0, NEEDS_PLACE},
    {"history", do_history, FIELD(ROOM),
     FIELD(BEFORE) | FIELD(AFTER) | FIELD(AROUND) | FIELD(ID) | FIELD(LIMIT), NEEDS_PLACE},
    {"search", do_search, FIELD(QUERY), FIELD(ROOM) | FIELD(BEFORE_ID) | FIELD(LIMIT),
     NEEDS_NOTHING},
    {"users", do_users, FIELD(ROOM), 0, NEEDS_PLACE},
    {"rooms", do_rooms, 0, 0, NEEDS_NOTHING},
    {"ping", do_ping, 0, 0, NEEDS_NOTHING},
    {0},
};

static const struct {
    const struct command *commands; /* ends with a zeroed row */
    unsigned common;                /* optional fields of every request */
    const char *unknown;
    const char *not_joined;
} versions[PROTO_VERSIONS] = {
    [PROTO_V1] = {v1_commands, 0,
                  "The server does not know this \"type\". It knows \"join\" and \"message\".",
                  "Join first: send {\"type\":\"join\",\"username\":\"…\"}."},
    [PROTO_V2] = {v2_commands, FIELD(CID), "The server does not know this \"type\".",
                  "You are not in this room: send \"join\" first."},
};

static const struct command *find_command(enum proto_version version, const char *type)
{
    for (const struct command *c = versions[version].commands; c->type != NULL; c++)
        if (strcmp(c->type, type) == 0)
            return c;
    return NULL;
}

/* ---- the way of a request ---- */

/* Whose place in the room it is, asked for as it was written or in another spelling. Most clients send
 * what `joined` told them, so the rules for names are asked last. */
static enum err find_room(struct asked *a, char key[ROOM_NAME_MAX_BYTES + 1], const char **reason)
{
    const struct request_text *name = &a->request->text[FIELD_ROOM];
    bool is_given = request_has(a->request, FIELD_ROOM);

    if (a->session->version == PROTO_V1) {
        a->place = a->session->places;
        return OK;
    }
    a->place = is_given ? session_find_place(a->session, name->bytes) : NULL;
    if (a->place == NULL) {
        if (!is_given)
            strcpy(key, default_room);
        else if (room_name_make(name->bytes, name->length, key, reason) != OK)
            return ERR_INVALID;
        a->place = session_find_place(a->session, key);
    }
    a->room_key = a->place != NULL ? hub_room_key(a->place->room) : key;
    return OK;
}

static enum err take_cid(struct asked *a, const char **reason)
{
    const struct request_text *cid = &a->request->text[FIELD_CID];

    if (!request_has(a->request, FIELD_CID))
        return OK;
    if (cid->length == 0 || cid->length > CID_MAX) {
        *reason = "\"cid\" must have 1 to 64 bytes.";
        return ERR_INVALID;
    }
    if (strncmp(cid->bytes, CID_OF_IMPORTS, strlen(CID_OF_IMPORTS)) == 0) {
        *reason = "\"cid\" must not begin with \"" CID_OF_IMPORTS
                  "\": that is how imported messages are known.";
        return ERR_INVALID;
    }
    a->cid = cid->bytes;
    return OK;
}

/* What all requests have. The cid first, so that whatever else is wrong can be told by it. */
static enum err read_head(struct asked *a, const char *bytes, size_t length, const char **reason)
{
    struct request *r = a->request;

    if (request_parse(r, bytes, length, reason) != OK ||
        request_read_fields(r, 0, versions[a->session->version].common, reason) != OK ||
        take_cid(a, reason) != OK)
        return ERR_INVALID;
    return r->type != NULL ? OK : request_read_fields(r, FIELD(TYPE), 0, reason);
}

/* OK if the request was well formed, whether or not it was granted. */
static enum err run(struct asked *a)
{
    const enum proto_version version = a->session->version;
    struct request *r = a->request;
    char key[ROOM_NAME_MAX_BYTES + 1];
    const struct command *command;
    const char *reason;

    command = find_command(version, r->type);
    if (command == NULL)
        return asked_refuse(a, REFUSED_UNSUPPORTED, versions[version].unknown);
    if (request_read_fields(r, command->required, command->optional, &reason) != OK)
        goto malformed;
    if (command->needs != NEEDS_NOTHING && find_room(a, key, &reason) != OK)
        goto malformed;
    if (command->needs == NEEDS_PLACE && (a->place == NULL || !a->place->is_counted))
        return asked_refuse(a, REFUSED_NOT_JOINED, versions[version].not_joined);
    return command->run(a);
malformed:
    return asked_refuse(a, REFUSED_BAD_REQUEST, reason);
}

/* A message costs a token and one more for each whole KiB, because a reader's ring is counted in bytes:
 * otherwise one sender of long messages could have a whole room disconnected as slow. What is refused was
 * read all the same, so its length is charged for, but as little as that is: whoever sends long messages a little too
 * fast is still to have some of them taken. */
static bool is_within_rate(const struct asked *a, size_t length)
{
    static const struct refusal going_on = {
        .code = REFUSED_RATE_LIMITED,
        .text = "You went on sending too fast.",
    };
    struct session *s = a->session;
    const struct limit_rule *rule = &s->shard->rules->message_rate;
    uint32_t for_length = (uint32_t)(length / 1024), cost = 1 + for_length;
    struct refusal too_fast = {
        .code = REFUSED_RATE_LIMITED,
        .text = "You are sending too fast. Wait a moment and send the message again.",
        .cid = a->cid,
    };

    if (cost > rule->burst) /* what would never fit is paid with all there is */
        cost = rule->burst;
    if (limit_take(&s->bucket, rule, cost, s->shard->now.mono_ms)) {
        s->refused = 0;
        return true;
    }
    limit_charge(&s->bucket, rule, for_length / REFUSED_KIB);
    too_fast.retry_after_ms = limit_wait_ms(&s->bucket, rule, cost);
    if (++s->refused >= REFUSED_MAX)
        session_fail(s, CLOSE_RATE_LIMITED, &going_on);
    else
        session_refuse(s, &too_fast);
    return false;
}

void session_receive(struct session *s, const char *bytes, size_t length)
{
    static const struct refusal too_many = {
        .code = REFUSED_BAD_REQUEST,
        .text = "Too many malformed messages in a row.",
    };
    struct request request;
    struct asked a = {.session = s, .request = &request};
    const char *reason;
    enum err e;

    if (s->closing)
        return;
    if (!utf8_valid(bytes, length)) {
        session_close(s, CLOSE_INVALID_UTF8, "Text must be UTF-8.");
        return;
    }
    e = read_head(&a, bytes, length, &reason);
    if (is_within_rate(&a, length)) {
        e = e == OK ? run(&a) : asked_refuse(&a, REFUSED_BAD_REQUEST, reason);
        if (e == OK)
            s->faults = 0;
        else if (++s->faults >= FAULTS_MAX)
            session_fail(s, CLOSE_BAD_REQUEST, &too_many);
    }
    request_free(&request);
}
