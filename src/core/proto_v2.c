/* Version 2: the events (docs/protocol.md, "v2"). */
#include "core/proto_v2.h"
#include "base/mem.h"
#include "core/frame.h"
#include "core/json_text.h"
#include "core/json_tree.h"
#include "core/name.h"
#include "core/shard.h"

#include <string.h>

static const char *const refusal_codes[REFUSAL_CODES] = {
    [REFUSED_BAD_REQUEST] = "bad_request",
    [REFUSED_TOO_LONG] = "too_long",
    [REFUSED_NOT_JOINED] = "not_joined",
    [REFUSED_UNKNOWN_ROOM] = "unknown_room",
    [REFUSED_UNKNOWN_MESSAGE] = "unknown_message",
    [REFUSED_NOT_AUTHOR] = "not_author",
    [REFUSED_USERNAME_INVALID] = "username_invalid",
    [REFUSED_USERNAME_TAKEN] = "username_taken",
    [REFUSED_RATE_LIMITED] = "rate_limited",
    [REFUSED_ROOM_LIMIT] = "room_limit",
    [REFUSED_SERVER_FULL] = "server_full",
    [REFUSED_UNAVAILABLE] = "unavailable",
    [REFUSED_UNSUPPORTED] = "unsupported",
};

static const char *const leave_reasons[] = {
    [LEAVE_QUIT] = "quit",
    [LEAVE_TIMEOUT] = "timeout",
    [LEAVE_KICK] = "kick",
    [LEAVE_REPLACED] = "replaced",
};

/* ---- durable events ---- */

static void write_text(struct json_text *t, const char *text)
{
    json_text_string(t, text, strlen(text));
}

static void write_id(struct json_text *t, const struct event *e, uint64_t seq)
{
    struct message_id id = e->id;
    char text[MESSAGE_ID_SIZE];

    id.seq = seq;
    write_text(t, message_id_write(&id, text));
}

static void write_body(struct json_text *t, const char *name, const struct event *e)
{
    json_text_raw(t, name, strlen(name));
    json_text_string(t, e->body, e->body_length);
}

static void write_reactions(struct json_text *t, const struct message_state *state)
{
    if (state->reaction_count == 0)
        return;
    JSON_LITERAL(t, ",\"reactions\":{");
    for (size_t i = 0; i < state->reaction_count; i++) {
        const struct reaction *r = &state->reactions[i];

        if (i != 0)
            JSON_LITERAL(t, ",");
        write_text(t, r->emoji);
        JSON_LITERAL(t, ":[");
        for (size_t k = 0; k < r->count; k++) {
            if (k != 0)
                JSON_LITERAL(t, ",");
            write_text(t, r->usernames[k]);
        }
        JSON_LITERAL(t, "]");
    }
    JSON_LITERAL(t, "}");
}

static void write_message(struct json_text *t, const struct event *e)
{
    const struct message_state *state = e->state;

    write_body(t, ",\"body\":", e);
    if (e->reply_to != 0) {
        JSON_LITERAL(t, ",\"reply_to\":");
        write_id(t, e, e->reply_to);
    }
    if (state == NULL)
        return;
    if (state->edited_ts != 0) {
        JSON_LITERAL(t, ",\"edited\":");
        json_text_number(t, state->edited_ts);
    }
    if (state->is_deleted)
        JSON_LITERAL(t, ",\"deleted\":true");
    write_reactions(t, state);
}

static void write_edit(struct json_text *t, const struct event *e)
{
    write_body(t, ",\"body\":", e);
}

static void write_nothing(struct json_text *t, const struct event *e)
{
    (void)t;
    (void)e;
}

static void write_react(struct json_text *t, const struct event *e)
{
    write_body(t, ",\"emoji\":", e);
    if (e->on)
        JSON_LITERAL(t, ",\"on\":true");
    else
        JSON_LITERAL(t, ",\"on\":false");
}

static const struct {
    const char *type;
    void (*write_rest)(struct json_text *t, const struct event *e);
} durable[] = {
    [EVENT_MESSAGE] = {"message", write_message},
    [EVENT_EDIT] = {"edit", write_edit},
    [EVENT_DELETE] = {"delete", write_nothing},
    [EVENT_REACT] = {"react", write_react},
};

/* Made once, by whichever worker or answer needs it first. Borrowed from the event. */
static const char *text_of(struct event *e, const char *room)
{
    enum { HEAD = 256 }; /* about what there is but for the body */
    const char *text = event_cache(e, NULL);
    struct json_text t;

    if (text != NULL)
        return text;
    json_text_begin_own(&t, HEAD + e->body_length);
    JSON_LITERAL(&t, "{\"type\":");
    write_text(&t, durable[e->type].type);
    JSON_LITERAL(&t, ",\"room\":");
    write_text(&t, room);
    JSON_LITERAL(&t, ",\"id\":");
    write_id(&t, e, e->id.seq);
    JSON_LITERAL(&t, ",\"seq\":");
    json_text_number(&t, e->seq);
    JSON_LITERAL(&t, ",\"username\":");
    json_text_string(&t, e->user->text, e->user->text_length);
    JSON_LITERAL(&t, ",\"ts\":");
    json_text_number(&t, e->ts);
    durable[e->type].write_rest(&t, e);
    JSON_LITERAL(&t, "}");
    return event_cache(e, json_text_take(&t));
}

static enum err encode_durable(struct segment *into, struct event *e, const char *room)
{
    const char *text = text_of(e, room);

    return text != NULL ? frame_text(into, text, strlen(text)) : ERR_NOMEM;
}

/* ---- events of the moment ---- */

static enum err encode_join(struct segment *into, struct event *e, const char *room)
{
    return json_tree_frame(into, json_pack("{s:s,s:s,s:o,s:I,s:i}", "type", "join", "room", room,
                                           "username", json_name(e->user), "ts", (json_int_t)e->ts,
                                           "count", (int)e->people));
}

static enum err encode_leave(struct segment *into, struct event *e, const char *room)
{
    return json_tree_frame(into,
                           json_pack("{s:s,s:s,s:o,s:I,s:i,s:s}", "type", "leave", "room", room,
                                     "username", json_name(e->user), "ts", (json_int_t)e->ts,
                                     "count", (int)e->people, "reason", leave_reasons[e->reason]));
}

static enum err encode_users(struct segment *into, struct event *e, const char *room)
{
    const struct v2_users users = {.event = e, .room = room};

    return v2_users(into, &users);
}

static enum err encode_typing(struct segment *into, struct event *e, const char *room)
{
    return json_tree_frame(into, json_pack("{s:s,s:s,s:o}", "type", "typing", "room", room,
                                           "username", json_name(e->user)));
}

/* ---- for one session ---- */

static enum err encode_refusal(struct segment *into, const struct refusal *why)
{
    json_t *object =
        json_pack("{s:s,s:s,s:s,s:s*,s:s*}", "type", "error", "error", why->text, "code",
                  refusal_codes[why->code], "cid", why->cid, "room", why->room);

    if (why->retry_after_ms != 0)
        json_put(&object, "retry_after", json_integer((json_int_t)why->retry_after_ms));
    return json_tree_frame(into, object);
}

static enum err encode_farewell(struct segment *into, const struct farewell *bye)
{
    return json_tree_frame(into,
                           json_pack("{s:s,s:i,s:s,s:b,s:I}", "type", "bye", "code", (int)bye->code,
                                     "reason", bye->reason, "reconnect", (int)bye->may_reconnect,
                                     "retry_after", (json_int_t)bye->retry_after_ms));
}

enum err v2_hello(struct segment *into, const void *what)
{
    const struct rules *rules = what;

    return json_tree_frame(
        into,
        json_pack("{s:s,s:i,s:s,s:s,s:s,s:{s:I,s:I,s:i,s:i},s:{s:I,s:I}}", "type", "hello",
                  "version", 2, "server", rules->server_name, "build", rules->build, "auth", "none",
                  "limits", "body", (json_int_t)rules->max_body, "frame",
                  (json_int_t)rules->max_frame, "rate", (int)rules->message_rate.rate, "rooms",
                  (int)rules->max_rooms, "ping", "interval", (json_int_t)rules->ping_interval_ms,
                  "timeout", (json_int_t)rules->ping_timeout_ms));
}

/* Texts of events, stored and missed ones, in a new array; NULL when memory is short. */
static const char **texts_of(struct event *const *first, size_t first_count,
                             struct event *const *second, size_t second_count, const char *room)
{
    const char **texts = mem_try((first_count + second_count + 1) * sizeof *texts);
    bool is_ok = texts != NULL;

    for (size_t i = 0; is_ok && i < first_count; i++)
        is_ok = (texts[i] = text_of(first[i], room)) != NULL;
    for (size_t i = 0; is_ok && i < second_count; i++)
        is_ok = (texts[first_count + i] = text_of(second[i], room)) != NULL;
    if (!is_ok) {
        mem_free(texts);
        return NULL;
    }
    return texts;
}

enum err v2_joined(struct segment *into, const void *what)
{
    const struct v2_joined *j = what;
    const struct event *e = j->event;
    const char **texts = texts_of(j->stored, j->stored_count, e->missed, e->missed_count, j->room);
    char epoch[EPOCH_SIZE];
    enum err error;

    if (texts == NULL)
        return ERR_NOMEM;
    error = json_tree_frame_with_array(
        into,
        json_pack("{s:s,s:s*,s:s,s:o,s:s*,s:s,s:I,s:b,s:o,s:i}", "type", "joined", "cid", j->cid,
                  "room", j->room, "username", json_name(j->user), "key", j->key, "epoch",
                  epoch_write(j->epoch, epoch), "seq", (json_int_t)e->seq, "recovered",
                  (int)j->is_recovered, "users", json_names(e->users, e->user_count), "count",
                  (int)e->people),
        "events", texts, j->stored_count + e->missed_count);
    mem_free(texts);
    return error;
}

enum err v2_reply(struct segment *into, const void *what)
{
    const struct v2_reply *reply = what;
    json_t *object =
        json_pack("{s:s,s:s*,s:s*}", "type", reply->type, "cid", reply->cid, "room", reply->room);

    if (reply->ts != 0)
        json_put(&object, "ts", json_integer((json_int_t)reply->ts));
    return json_tree_frame(into, object);
}

enum err v2_ack(struct segment *into, const void *what)
{
    const struct v2_ack *ack = what;
    const struct event *e = ack->event;
    struct json_text t;

    json_text_begin(&t, into);
    JSON_LITERAL(&t, "{\"type\":\"ack\"");
    if (e->cid != NULL) {
        JSON_LITERAL(&t, ",\"cid\":");
        write_text(&t, e->cid);
    }
    if (ack->room != NULL) {
        JSON_LITERAL(&t, ",\"room\":");
        write_text(&t, ack->room);
    }
    JSON_LITERAL(&t, ",\"id\":");
    write_id(&t, e, e->id.seq);
    JSON_LITERAL(&t, ",\"seq\":");
    json_text_number(&t, e->seq);
    JSON_LITERAL(&t, ",\"ts\":");
    json_text_number(&t, e->ts);
    if (e->is_repeat)
        JSON_LITERAL(&t, ",\"dup\":true");
    JSON_LITERAL(&t, "}");
    return json_text_end(&t);
}

enum err v2_users(struct segment *into, const void *what)
{
    const struct v2_users *u = what;

    return json_tree_frame(into, json_pack("{s:s,s:s*,s:s,s:o,s:i}", "type", "users", "cid", u->cid,
                                           "room", u->room, "users",
                                           json_names(u->event->users, u->event->user_count),
                                           "count", (int)u->event->people));
}

enum err v2_rooms(struct segment *into, const void *what)
{
    const struct v2_rooms *list = what;
    json_t *rooms = json_array();

    for (size_t i = 0; i < list->count; i++) {
        const struct v2_room *room = &list->rooms[i];

        json_append(&rooms, json_pack("{s:s,s:i,s:I,s:s}", "name", room->name, "members",
                                      (int)room->members, "seq", (json_int_t)room->seq, "topic",
                                      room->topic));
    }
    return json_tree_frame(into, json_pack("{s:s,s:s*,s:o}", "type", "rooms", "cid", list->cid,
                                           "rooms", rooms));
}

enum err v2_history(struct segment *into, const void *what)
{
    const struct v2_page *page = what;
    const struct query *q = page->query;
    const char **texts = texts_of(q->items, q->item_count, NULL, 0, q->rooms[0]);
    char epoch[EPOCH_SIZE];
    enum err e;

    if (texts == NULL)
        return ERR_NOMEM;
    e = json_tree_frame_with_array(into,
                                   json_pack("{s:s,s:s*,s:s,s:s,s:b}", "type", "history", "cid",
                                             q->cid, "room", q->rooms[0], "epoch",
                                             epoch_write(page->epoch, epoch), "more", (int)q->more),
                                   "messages", texts, q->item_count);
    mem_free(texts);
    return e;
}

enum err v2_search(struct segment *into, const void *what)
{
    const struct v2_page *page = what;
    const struct query *q = page->query;
    const char **texts = mem_try((q->item_count + 1) * sizeof *texts);
    enum err e = texts != NULL ? OK : ERR_NOMEM;

    for (size_t i = 0; e == OK && i < q->item_count; i++)
        if ((texts[i] = text_of(q->items[i], q->item_rooms[i])) == NULL)
            e = ERR_NOMEM;
    if (e == OK)
        e = json_tree_frame_with_array(into,
                                       json_pack("{s:s,s:s*,s:b}", "type", "search", "cid", q->cid,
                                                 "more", (int)q->more),
                                       "messages", texts, q->item_count);
    mem_free(texts);
    return e;
}

const struct proto proto_v2 = {
    .encode =
        {
            [EVENT_MESSAGE] = encode_durable,
            [EVENT_EDIT] = encode_durable,
            [EVENT_DELETE] = encode_durable,
            [EVENT_REACT] = encode_durable,
            [EVENT_JOIN] = encode_join,
            [EVENT_LEAVE] = encode_leave,
            [EVENT_USERS] = encode_users,
            [EVENT_TYPING] = encode_typing,
        },
    .encode_refusal = encode_refusal,
    .encode_farewell = encode_farewell,
};
