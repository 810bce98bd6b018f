#include "tools/ndjson.h"
#include "base/clock.h"
#include "base/mem.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { BODY_MAX = 1 << 20, REACTIONS_MAX = 50, NAMES_MAX = 100000, AHEAD_MAX_MS = 86400000 };

/* ---- writing ---- */

static json_t *reactions_of(const struct message_state *state)
{
    json_t *all = json_object();

    for (size_t i = 0; i < state->reaction_count; i++) {
        json_t *names = json_array();

        for (size_t k = 0; k < state->reactions[i].count; k++)
            json_array_append_new(names, json_string(state->reactions[i].usernames[k]));
        json_object_set_new(all, state->reactions[i].emoji, names);
    }
    return all;
}

static void add_state(json_t *object, const struct message_state *state)
{
    if (state == NULL)
        return;
    if (state->edited_ts != 0)
        json_object_set_new(object, "edited", json_integer((json_int_t)state->edited_ts));
    if (state->is_deleted)
        json_object_set_new(object, "deleted", json_true());
    if (state->reaction_count != 0)
        json_object_set_new(object, "reactions", reactions_of(state));
}

bool line_write(FILE *out, const struct event *e, const char *room)
{
    struct message_id original = {e->id.epoch, e->id.room, e->reply_to};
    char id[MESSAGE_ID_SIZE];
    json_t *object = json_object();
    bool is_fine;

    json_object_set_new(object, "room", json_string(room));
    json_object_set_new(object, "id", json_string(message_id_write(&e->id, id)));
    json_object_set_new(object, "ts", json_integer((json_int_t)e->ts));
    json_object_set_new(object, "username", json_string(e->user->text));
    json_object_set_new(object, "body", json_stringn(e->body, e->body_length));
    if (e->reply_to != 0)
        json_object_set_new(object, "reply_to", json_string(message_id_write(&original, id)));
    add_state(object, e->state);
    is_fine =
        object != NULL && json_dumpf(object, out, JSON_COMPACT) == 0 && putc('\n', out) != EOF;
    json_decref(object);
    return is_fine;
}

/* ---- reading ---- */

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static bool is_ahead(uint64_t ms)
{
    return ms > clock_wall_ms() + AHEAD_MAX_MS;
}

static bool read_time(struct line *line, const json_t *object, const char *name, uint64_t *ms,
                      const char **reason)
{
    const json_t *value = json_object_get(object, name);
    json_int_t number = json_integer_value(value);
    bool is_ts = strcmp(name, "ts") == 0;

    *ms = (uint64_t)number;
    *reason = is_ts ? "\"ts\" is no time in milliseconds" : "\"edited\" is no time in milliseconds";
    if (!json_is_integer(value) || number < 0 || number >= (json_int_t)1 << 53)
        return false;
    if (is_ahead(*ms) && line->ahead == NULL)
        line->ahead = is_ts ? "ts" : "edited";
    line->is_ts_ahead |= is_ts && is_ahead(*ms);
    return true;
}

void line_take_as_now(struct line *line)
{
    struct event *e = line->event;

    if (is_ahead(e->ts))
        e->ts = clock_wall_ms();
    if (is_ahead(e->state->edited_ts))
        e->state->edited_ts = clock_wall_ms();
}

static bool add_reaction(struct message_state *state, const char *emoji, const json_t *names,
                         const char **reason)
{
    struct reaction *r = &state->reactions[state->reaction_count];
    size_t count = json_array_size(names);

    if (count == 0 || count > NAMES_MAX)
        return false;
    if (!emoji_is_fine(emoji, strlen(emoji))) {
        *reason = "in \"reactions\" an emoji is no visible text of 64 bytes at most";
        return false;
    }
    *r = (struct reaction){.emoji = mem_strdup(emoji),
                           .usernames = mem_alloc(count * sizeof(char *))};
    state->reaction_count++;
    for (size_t i = 0; i < count; i++) {
        const char *name = json_string_value(json_array_get(names, i));
        struct username *user = NULL;

        if (name == NULL || username_make(name, strlen(name), &user, reason) != OK)
            return false;
        username_unref(&user);
        r->usernames[r->count++] = mem_strdup(name);
    }
    return true;
}

static bool read_reactions(struct message_state *state, json_t *reactions, const char **reason)
{
    const char *emoji;
    json_t *names;

    *reason = "\"reactions\" is not of the form {emoji: [names]}";
    if (reactions == NULL)
        return true;
    if (!json_is_object(reactions))
        return false;
    if (json_object_size(reactions) > REACTIONS_MAX) {
        *reason = "\"reactions\" has too many emoji";
        return false;
    }
    state->reactions = mem_alloc((REACTIONS_MAX + 1) * sizeof *state->reactions);
    json_object_foreach(reactions, emoji, names)
    {
        if (!add_reaction(state, emoji, names, reason))
            return false;
    }
    return true;
}

static bool is_deleted(const json_t *object)
{
    return json_is_true(json_object_get(object, "deleted"));
}

static bool read_state(struct line *line, const json_t *object, const char **reason)
{
    struct message_state *state = line->event->state = message_state_make();

    if (json_object_get(object, "edited") != NULL &&
        !read_time(line, object, "edited", &state->edited_ts, reason))
        return false;
    state->is_deleted = is_deleted(object);
    return state->is_deleted || read_reactions(state, json_object_get(object, "reactions"), reason);
}

/* The event, with a cid made of the message's id, so that it is stored once. */
static bool read_event(struct line *line, const json_t *object, struct username *user,
                       const char **reason)
{
    const char *body = text_of(object, "body"), *id = text_of(object, "id");
    size_t length = body != NULL ? strlen(body) : 0;
    char cid[CID_MAX + 1];

    *reason = "\"body\" is no text, or too long";
    if (body == NULL || length > BODY_MAX)
        return false;
    *reason = "\"id\" is no text, or too long";
    if (id == NULL || id[0] == '\0' || strlen(id) >= MESSAGE_ID_SIZE)
        return false;
    line->id = mem_strdup(id);
    if (is_deleted(object)) /* whatever else somebody left there */
        length = 0;
    line->event = event_with_body(EVENT_MESSAGE, user, body, length);
    if (line->event == NULL)
        abort();
    snprintf(cid, sizeof cid, CID_OF_IMPORTS "%s", id);
    if (!event_set_cid(line->event, cid, strlen(cid)))
        abort();
    return read_time(line, object, "ts", &line->event->ts, reason);
}

static bool read_object(struct line *line, const json_t *object, struct username **user,
                        const char **reason)
{
    const char *room = text_of(object, "room"), *name = text_of(object, "username");
    const char *reply_to = text_of(object, "reply_to");

    *reason = "\"room\" or \"username\" is missing";
    if (room == NULL || name == NULL)
        return false;
    if (room_name_make(room, strlen(room), line->room, reason) != OK ||
        username_make(name, strlen(name), user, reason) != OK ||
        !read_event(line, object, *user, reason) || !read_state(line, object, reason))
        return false;
    line->reply_to = reply_to != NULL ? mem_strdup(reply_to) : NULL;
    line->event->room_key = line->room;
    *reason = "the body is empty";
    return line->event->body_length != 0 || line->event->state->is_deleted;
}

bool line_read(struct line *line, const char *text, size_t length, const char **reason)
{
    json_error_t error;
    json_t *object = json_loadb(text, length, 0, &error);
    struct username *user = NULL;
    bool is_fine = false;

    *line = (struct line){.event = NULL};
    *reason = "this is no JSON object";
    if (json_is_object(object))
        is_fine = read_object(line, object, &user, reason);
    username_unref(&user);
    json_decref(object);
    if (!is_fine)
        line_free(line);
    return is_fine;
}

void line_free(struct line *line)
{
    event_unref(&line->event);
    mem_free(line->id);
    mem_free(line->reply_to);
    *line = (struct line){.event = NULL};
}
