/* The origin protocol, frozen: exactly these types and fields, for ever (docs/protocol.md, "v1").
 */
#include "core/frame.h"
#include "core/name.h"
#include "core/proto.h"

#include <stdlib.h>
#include <string.h>

/* Takes over object; NULL is passed on, so that a chain of constructors needs one check. */
static struct frame *seal(json_t *object)
{
    char *text = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;
    struct frame *f = NULL;

    if (text != NULL)
        f = frame_text(text, strlen(text));
    free(text);
    json_decref(object);
    return f;
}

/* The strings are known to be UTF-8, so jansson need not look at them again. */
static json_t *name_of(const struct username *user)
{
    return json_stringn_nocheck(user->text, user->text_length);
}

static struct frame *encode_message(const struct event *e)
{
    return seal(json_pack("{s:s,s:s,s:o,s:o,s:I}", "type", "message", "id", e->id, "username",
                          name_of(e->user), "body", json_stringn_nocheck(e->body, e->body_length),
                          "ts", (json_int_t)e->ts));
}

static struct frame *encode_join(const struct event *e)
{
    return seal(json_pack("{s:s,s:o}", "type", "join", "username", name_of(e->user)));
}

static struct frame *encode_leave(const struct event *e)
{
    return seal(json_pack("{s:s,s:o}", "type", "leave", "username", name_of(e->user)));
}

static struct frame *encode_users(const struct event *e)
{
    json_t *users = json_array();

    for (size_t i = 0; i < e->user_count; i++) {
        if (json_array_append_new(users, name_of(e->users[i])) != 0) {
            json_decref(users);
            return NULL;
        }
    }
    return seal(json_pack("{s:s,s:o}", "type", "users", "users", users));
}

static struct frame *encode_error(const char *text)
{
    return seal(json_pack("{s:s,s:s}", "type", "error", "error", text));
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
