#include "core/event.h"
#include "base/mem.h"
#include "core/name.h"

#include <stdatomic.h>
#include <string.h>

static struct event *make(enum event_type type, struct username *user, size_t body_size)
{
    struct event *e = mem_try(sizeof *e + body_size);

    if (e == NULL)
        return NULL;
    memset(e, 0, sizeof *e);
    e->refs = 1;
    e->type = type;
    e->user = user != NULL ? username_ref(user) : NULL;
    return e;
}

struct event *event_make(enum event_type type, struct username *user)
{
    return make(type, user, 0);
}

struct event *event_message(struct username *user, const char *body, size_t length)
{
    struct event *e = make(EVENT_MESSAGE, user, length + 1);

    if (e == NULL)
        return NULL;
    memcpy(e->body, body, length);
    e->body[length] = '\0';
    e->body_length = length;
    return e;
}

struct event *event_users(size_t capacity)
{
    struct event *e = make(EVENT_USERS, NULL, 0);

    if (e == NULL)
        return NULL;
    e->users = mem_try((capacity + 1) * sizeof *e->users);
    if (e->users == NULL)
        event_unref(&e);
    return e;
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
    mem_free(it->users);
    mem_free(it);
}
