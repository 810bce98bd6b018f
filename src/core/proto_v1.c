/* The origin protocol, frozen: exactly these types and fields, for ever (docs/protocol.md, "v1").
 */
#include "core/json_text.h"
#include "core/name.h"
#include "core/proto.h"

#include <string.h>

static void name_to(struct json_text *t, const struct username *user)
{
    json_text_string(t, user->text, user->text_length);
}

static enum err encode_message(struct segment *into, struct event *e, const char *room)
{
    char id[MESSAGE_ID_SIZE];
    struct json_text t;

    (void)room;
    message_id_write(&e->id, id);
    json_text_begin(&t, into);
    JSON_LITERAL(&t, "{\"type\":\"message\",\"id\":");
    json_text_string(&t, id, strlen(id));
    JSON_LITERAL(&t, ",\"username\":");
    name_to(&t, e->user);
    JSON_LITERAL(&t, ",\"body\":");
    json_text_string(&t, e->body, e->body_length);
    JSON_LITERAL(&t, ",\"ts\":");
    json_text_number(&t, e->ts);
    JSON_LITERAL(&t, "}");
    return json_text_end(&t);
}

static enum err encode_join(struct segment *into, struct event *e, const char *room)
{
    struct json_text t;

    (void)room;
    json_text_begin(&t, into);
    JSON_LITERAL(&t, "{\"type\":\"join\",\"username\":");
    name_to(&t, e->user);
    JSON_LITERAL(&t, "}");
    return json_text_end(&t);
}

static enum err encode_leave(struct segment *into, struct event *e, const char *room)
{
    struct json_text t;

    (void)room;
    json_text_begin(&t, into);
    JSON_LITERAL(&t, "{\"type\":\"leave\",\"username\":");
    name_to(&t, e->user);
    JSON_LITERAL(&t, "}");
    return json_text_end(&t);
}

static enum err encode_users(struct segment *into, struct event *e, const char *room)
{
    struct json_text t;

    (void)room;
    json_text_begin(&t, into);
    JSON_LITERAL(&t, "{\"type\":\"users\",\"users\":[");
    for (size_t i = 0; i < e->user_count; i++) {
        if (i != 0)
            JSON_LITERAL(&t, ",");
        name_to(&t, e->users[i]);
    }
    JSON_LITERAL(&t, "]}");
    return json_text_end(&t);
}

static enum err encode_refusal(struct segment *into, const struct refusal *why)
{
    struct json_text t;

    json_text_begin(&t, into);
    JSON_LITERAL(&t, "{\"type\":\"error\",\"error\":");
    json_text_string(&t, why->text, strlen(why->text));
    JSON_LITERAL(&t, "}");
    return json_text_end(&t);
}

const struct proto proto_v1 = {
    .encode =
        {
            [EVENT_MESSAGE] = encode_message,
            [EVENT_JOIN] = encode_join,
            [EVENT_LEAVE] = encode_leave,
            [EVENT_USERS] = encode_users,
        },
    .encode_refusal = encode_refusal,
};
