/* The origin protocol, frozen: exactly these types and fields, for ever (docs/protocol.md, "v1").
 */
#include "core/json_tree.h"
#include "core/proto.h"

static enum err encode_message(struct segment *into, struct event *e, const char *room)
{
    char id[MESSAGE_ID_SIZE];

    (void)room;
    message_id_write(&e->id, id);
    return json_tree_frame(into, json_pack("{s:s,s:s,s:o,s:o,s:I}", "type", "message", "id", id,
                                      "username", json_name(e->user), "body",
                                      json_stringn_nocheck(e->body, e->body_length), "ts",
                                      (json_int_t)e->ts));
}

static enum err encode_join(struct segment *into, struct event *e, const char *room)
{
    (void)room;
    return json_tree_frame(into, json_pack("{s:s,s:o}", "type", "join", "username", json_name(e->user)));
}

static enum err encode_leave(struct segment *into, struct event *e, const char *room)
{
    (void)room;
    return json_tree_frame(into,
                      json_pack("{s:s,s:o}", "type", "leave", "username", json_name(e->user)));
}

static enum err encode_users(struct segment *into, struct event *e, const char *room)
{
    (void)room;
    return json_tree_frame(into, json_pack("{s:s,s:o}", "type", "users", "users",
                                      json_names(e->users, e->user_count)));
}

static enum err encode_refusal(struct segment *into, const struct refusal *why)
{
    return json_tree_frame(into, json_pack("{s:s,s:s}", "type", "error", "error", why->text));
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
