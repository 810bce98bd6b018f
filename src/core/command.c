/* command - the requests a client may make: one row each, and their handlers.
 * session_receive (session.h) comes in here with every complete text message. */
#include "core/hub.h"
#include "core/name.h"
#include "core/session.h"
#include "core/shard.h"
#include "core/utf8.h"

#include <stdio.h>
#include <string.h>

enum {
    FAULTS_MAX = 10,   /* malformed requests in a row that end a session */
    REFUSED_MAX = 100, /* requests over the rate limit in a row that end a session */
};

static enum err do_join(struct session *s, const struct request *r)
{
    if (session_is_joined(s)) {
        session_error(s, "You have joined already.");
        return OK;
    }
    session_join(s, r->field[FIELD_USERNAME].bytes, r->field[FIELD_USERNAME].length);
    return OK;
}

static enum err do_message(struct session *s, const struct request *r)
{
    const struct request_text *body = &r->field[FIELD_BODY];
    struct event *message;
    enum err e;

    if (body->length == 0) {
        session_error(s, "The message is empty.");
        return ERR_INVALID;
    }
    if (body->length > s->shard->rules->max_body) {
        char text[128];

        snprintf(text, sizeof text, "The message is too long: it has %zu bytes, the limit is %zu.",
                 body->length, s->shard->rules->max_body);
        session_error(s, text);
        return ERR_TOO_LONG;
    }
    message = event_message(s->username, body->bytes, body->length);
    e = message == NULL
            ? ERR_NOMEM
            : hub_publish(s->shard->hub, s->member.room, message, s->shard->now.wall_ms);
    event_unref(&message);
    if (e != OK)
        session_error(s, "The server is busy and did not take the message. Send it again.");
    return OK;
}

static const struct command {
    const char *type;
    enum err (*run)(struct session *s, const struct request *r);
    unsigned fields; /* bits of enum request_field, all required */
    bool needs_joined;
} commands[] = {
    {"join", do_join, 1u << FIELD_USERNAME, false},
    {"message", do_message, 1u << FIELD_BODY, true},
};

static const struct command *find_command(const char *type)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(commands[i].type, type) == 0)
            return &commands[i];
    return NULL;
}

/* OK if the request was well formed, whether or not it was granted. */
static enum err run(struct session *s, struct request *r, const char *bytes, size_t length)
{
    const struct command *command;
    const char *reason;

    if (request_parse(r, bytes, length, &reason) != OK)
        goto malformed;
    command = find_command(r->type);
    if (command == NULL) {
        reason = "The server does not know this \"type\". It knows \"join\" and \"message\".";
        goto malformed;
    }
    if (request_read_fields(r, command->fields, &reason) != OK)
        goto malformed;
    if (command->needs_joined && !session_is_joined(s)) {
        session_error(s, "Join first: send {\"type\":\"join\",\"username\":\"…\"}.");
        return OK;
    }
    return command->run(s, r);
malformed:
    session_error(s, reason);
    return ERR_INVALID;
}

/* A message costs a token and one more for each whole KiB, because a reader's ring is counted in bytes:
 * otherwise one sender of long messages could have a whole room disconnected as slow. */
static bool is_within_rate(struct session *s, size_t length)
{
    const struct shard *shard = s->shard;
    uint32_t cost = 1 + (uint32_t)(length / 1024), burst = shard->rules->message_rate.burst;

    /* What would never fit is paid with all there is. */
    if (limit_take(&s->bucket, &shard->rules->message_rate, cost < burst ? cost : burst,
                   shard->now.mono_ms)) {
        s->refused = 0;
        return true;
    }
    if (++s->refused >= REFUSED_MAX)
        session_fail(s, CLOSE_RATE_LIMITED, "You went on sending too fast.");
    else
        session_error(s, "You are sending too fast. Wait a moment and send the message again.");
    return false;
}

void session_receive(struct session *s, const char *bytes, size_t length)
{
    struct request request;

    if (s->closing)
        return;
    if (!utf8_valid(bytes, length)) {
        session_close(s, CLOSE_INVALID_UTF8, "Text must be UTF-8.");
        return;
    }
    if (!is_within_rate(s, length))
        return;
    if (run(s, &request, bytes, length) == OK)
        s->faults = 0;
    else if (++s->faults >= FAULTS_MAX)
        session_fail(s, CLOSE_BAD_REQUEST, "Too many malformed messages in a row.");
    request_free(&request);
}
