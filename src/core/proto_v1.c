/* The origin protocol, frozen: exactly these types and fields, for ever (docs/protocol.md, "v1").
 */
#include "core/frame.h"
#include "core/name.h"
#include "core/proto.h"

#include <stdlib.h>
#include <string.h>

/* Takes over object; NULL is passed on, so that a chain of constructors needs one check. */
static enum err write_object(struct segment *into, json_t *object)
{
    char *text = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;
    enum err e = text != NULL ? frame_text(into, text, strlen(text)) : ERR_NOMEM;

    free(text);
    json_decref(object);
    return e;
}

/* The strings are known to be UTF-8, so jansson need not look at them again. */
static json_t *name_of(const struct username *user)
{
    return json_stringn_nocheck(user->text, user->text_length);
}

static enum err encode_message(struct segment *into, const struct event *e)
{
    char id[MESSAGE_ID_SIZE];

    message_id_write(&e->id, id);
    return write_object(into, json_pack("{s:s,s:s,s:o,s:o,s:I}", "type", "message", "id", id,
                                        "username", name_of(e->user), "body",
                                        json_stringn_nocheck(e->body, e->body_length), "ts",
                                        (json_int_t)e->ts));
}

static enum err encode_join(struct segment *into, const struct event *e)
{
    return write_object(into, json_pack("{s:s,s:o}", "type", "join", "username", name_of(e->user)));
}

static enum err encode_leave(struct segment *into, const struct event *e)
{
    return write_object(into,
                        json_pack("{s:s,s:o}", "type", "leave", "username", name_of(e->user)));
}

static enum err encode_users(struct segment *into, const struct event *e)
{
    json_t *users = json_array();

    for (size_t i = 0; i < e->user_count; i++) {
        if (json_array_append_new(users, name_of(e->users[i])) != 0) {
            json_decref(users);
            return ERR_NOMEM;
        }
    }
    return write_object(into, json_pack("{s:s,s:o}", "type", "users", "users", users));
}

static enum err encode_error(struct segment *into, const char *text)
{
    return write_object(into, json_pack("{s:s,s:s}", "type", "error", "error", text));
}

const struct proto proto_v1 = {
    .encode =
        {
            [EVENT_MESSAGE] = encode_message,
            [EVENT_JOIN] = encode_join,
            [EVENT_LEAVE] = encode_leave,
            [EVENT_USERS] = encode_users,
        },
    .encode_error = encode_error,
};
