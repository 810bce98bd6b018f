#include "core/event.h"
#include "base/mem.h"
#include "core/json_text.h"
#include "core/name.h"
#include "core/ports.h"

#include <stdatomic.h>
#include <string.h>

struct event *event_with_body(enum event_type type, struct username *user, const char *body,
                              size_t length)
{
    struct event *e = mem_try(sizeof *e + length + 1);

    if (e == NULL)
        return NULL;
    memset(e, 0, sizeof *e);
    e->refs = 1;
    e->type = type;
    e->user = user != NULL ? username_ref(user) : NULL;
    memcpy(e->body, body, length);
    e->body[length] = '\0';
    e->body_length = length;
    return e;
}

struct event *event_make(enum event_type type, struct username *user)
{
    return event_with_body(type, user, "", 0);
}

struct event *event_make_answer(void)
{
    struct event *e = mem_alloc(sizeof *e + 1);

    e->refs = 1;
    e->type = EVENT_ANSWER;
    return e;
}

bool event_set_cid(struct event *e, const char *cid, size_t length)
{
    e->cid = mem_try(length + 1);
    if (e->cid == NULL)
        return false;
    memcpy(e->cid, cid, length);
    e->cid[length] = '\0';
    return true;
}

bool event_reserve_users(struct event *e, size_t capacity)
{
    e->users = mem_try((capacity + 1) * sizeof(struct username *));
    return e->users != NULL;
}

size_t event_text_size(const struct event *e)
{
    size_t size = json_text_size(e->body, e->body_length);

    for (size_t i = 0; e->state != NULL && i < e->state->reaction_count; i++) {
        const struct reaction *r = &e->state->reactions[i];

        size += json_text_size(r->emoji, strlen(r->emoji));
        for (size_t k = 0; k < r->count; k++)
            size += json_text_size(r->usernames[k], strlen(r->usernames[k]));
    }
    return size;
}

const char *event_cache(struct event *e, char *text)
{
    char *kept = NULL;

    if (text == NULL)
        return atomic_load_explicit(&e->text, memory_order_acquire);
    if (atomic_compare_exchange_strong(&e->text, &kept, text))
        return text;
    mem_free(text);
    return kept;
}

struct event *event_ref(struct event *e)
{
    atomic_fetch_add_explicit(&e->refs, 1, memory_order_relaxed);
    return e;
}

void event_unref(struct event **e)
{
    struct event *it = *e;

    *e = NULL;
    if (it == NULL || atomic_fetch_sub_explicit(&it->refs, 1, memory_order_acq_rel) != 1)
        return;
    username_unref(&it->user);
    for (size_t i = 0; i < it->user_count; i++)
        username_unref(&it->users[i]);
    for (size_t i = 0; i < it->missed_count; i++)
        event_unref(&it->missed[i]);
    mem_free(it->users);
    mem_free(it->missed);
    mem_free(it->cid);
    mem_free(atomic_load_explicit(&it->text, memory_order_relaxed));
    message_state_free(it->state);
    query_free(it->query);
    mem_free(it);
}

struct message_state *message_state_make(void)
{
    return mem_alloc(sizeof(struct message_state));
}

void message_state_free(struct message_state *state)
{
    if (state == NULL)
        return;
    for (size_t i = 0; i < state->reaction_count; i++) {
        struct reaction *r = &state->reactions[i];

        for (size_t k = 0; k < r->count; k++)
            mem_free(r->usernames[k]);
        mem_free(r->usernames);
        mem_free(r->emoji);
    }
    mem_free(state->reactions);
    mem_free(state);
}
