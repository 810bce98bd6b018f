/* command_chat - what people say and do: messages, edits, reactions, typing. */
#include "core/command.h"
#include "core/hub.h"
#include "core/name.h"
#include "core/shard.h"

#include <stdio.h>
#include <string.h>

/* Typing is passed on so often at most. */
enum { TYPING_INTERVAL_MS = 3000 };

/* Takes over e; NULL is for want of memory. */
static enum err publish(const struct asked *a, struct event *e)
{
    struct session *s = a->session;
    enum err error = ERR_NOMEM;

    if (e == NULL || (a->cid != NULL && !event_set_cid(e, a->cid, strlen(a->cid))))
        goto out;
    e->origin = s->id;
    error = hub_publish(s->shard->hub, a->place->room, e, s->shard->now.wall_ms);
out:
    event_unref(&e);
    if (error != OK)
        asked_refuse(a, REFUSED_UNAVAILABLE,
                     "The server is busy and did not take the message. Send it again.");
    return OK;
}

/* OK, or what is wrong with it, which was told. */
static enum err check_body(const struct asked *a, const struct request_text *body)
{
    size_t limit = a->session->shard->rules->max_body;
    char text[128];

    if (body->length == 0)
        return asked_refuse(a, REFUSED_BAD_REQUEST, "The message is empty.");
    if (body->length <= limit)
        return OK;
    snprintf(text, sizeof text, "The message is too long: it has %zu bytes, the limit is %zu.",
             body->length, limit);
    return asked_refuse(a, REFUSED_TOO_LONG, text);
}

enum err do_message(const struct asked *a)
{
    const struct request *r = a->request;
    const struct request_text *body = &r->text[FIELD_BODY], *answered = &r->text[FIELD_REPLY_TO];
    struct message_id id = {0};
    struct event *e;

    if (check_body(a, body) != OK)
        return ERR_INVALID;
    if (request_has(r, FIELD_REPLY_TO) && !asked_is_here(a, answered, &id))
        return asked_refuse(a, REFUSED_UNKNOWN_MESSAGE,
                            "The message that you answer is not in this room.");
    e = event_with_body(EVENT_MESSAGE, a->session->username, body->bytes, body->length);
    if (e != NULL)
        e->reply_to = id.seq;
    return publish(a, e);
}

/* An event about the message that the request names. */
static enum err publish_about(const struct asked *a, enum event_type type,
                              const struct request_text *body, bool on)
{
    const struct request_text *text = &a->request->text[FIELD_ID];
    struct message_id id;
    struct event *e;

    if (!message_id_read(text->bytes, text->length, &id))
        return asked_refuse(a, REFUSED_UNKNOWN_MESSAGE, "There is no such message.");
    e = event_with_body(type, a->session->username, body != NULL ? body->bytes : "",
                        body != NULL ? body->length : 0);
    if (e != NULL) {
        e->id = id;
        e->on = on;
    }
    return publish(a, e);
}

enum err do_edit(const struct asked *a)
{
    const struct request_text *body = &a->request->text[FIELD_BODY];

    if (check_body(a, body) != OK)
        return ERR_INVALID;
    return publish_about(a, EVENT_EDIT, body, false);
}

enum err do_delete(const struct asked *a)
{
    return publish_about(a, EVENT_DELETE, NULL, false);
}

enum err do_react(const struct asked *a)
{
    const struct request_text *emoji = &a->request->text[FIELD_EMOJI];

    if (!emoji_is_fine(emoji->bytes, emoji->length))
        return asked_refuse(a, REFUSED_BAD_REQUEST,
                            "\"emoji\" must be a visible text of 64 bytes at most.");
    return publish_about(a, EVENT_REACT, emoji, a->request->number[FIELD_ON] != 0);
}

enum err do_typing(const struct asked *a)
{
    struct shard *shard = a->session->shard;
    uint32_t now = (uint32_t)shard->now.mono_ms;
    struct event *e;

    if (a->place->typed_ms != 0 && now - a->place->typed_ms < TYPING_INTERVAL_MS)
        return OK;
    a->place->typed_ms = now;
    e = event_make(EVENT_TYPING, a->session->username);
    if (e != NULL)
        hub_publish_ephemeral(shard->hub, a->place->room, e);
    event_unref(&e);
    return OK;
}
