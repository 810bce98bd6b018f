#include "journal/memory_message.h"
#include "base/list.h"
#include "base/mem.h"
#include "core/name.h"
#include "core/table.h"

#include <string.h>

struct reactor {
    struct username *user; /* owned */
    UT_hash_handle hh;     /* by user->key; uthash keeps the order of insertion */
};

struct emoji {
    struct list link;         /* in memory_message.emoji */
    struct reactor *reactors; /* owned, never empty */
    char text[];
};

struct memory_message {
    struct event *edit; /* owned; NULL: never edited */
    struct event *now;  /* owned; what memory_message_now made last; NULL: it is stale */
    struct list emoji;  /* owned */
    size_t emoji_count;
    size_t reaction_count; /* of all emoji */
    bool is_deleted;
};

struct memory_message *memory_message_make(void)
{
    struct memory_message *m = mem_alloc(sizeof *m);

    list_init(&m->emoji);
    return m;
}

/* ---- reactions ---- */

static void reactor_remove(struct memory_message *m, struct emoji *emoji, struct reactor *reactor)
{
    m->reaction_count--;
    HASH_DEL(emoji->reactors, reactor);
    username_unref(&reactor->user);
    mem_free(reactor);
}

static void emoji_remove(struct memory_message *m, struct emoji *emoji)
{
    struct reactor *reactor, *after;

    HASH_ITER(hh, emoji->reactors, reactor, after)
    {
        reactor_remove(m, emoji, reactor);
    }
    list_remove(&emoji->link);
    m->emoji_count--;
    mem_free(emoji);
}

static struct emoji *find_emoji(const struct memory_message *m, const char *text)
{
    LIST_EACH(&m->emoji, at, after)
    {
        struct emoji *emoji = LIST_ENTRY(at, struct emoji, link);

        if (strcmp(emoji->text, text) == 0)
            return emoji;
    }
    return NULL;
}

static struct reactor *find_reactor(const struct emoji *emoji, const struct username *user)
{
    struct reactor *reactor;

    HASH_FIND(hh, emoji->reactors, user->key, user->key_length, reactor);
    return reactor;
}

enum err memory_message_judge_react(const struct memory_message *m, const struct event *react,
                                    bool *changes)
{
    const struct emoji *emoji = m != NULL ? find_emoji(m, react->body) : NULL;
    bool is_on = emoji != NULL && find_reactor(emoji, react->user) != NULL;

    if (react->on && !is_on && m != NULL &&
        ((emoji == NULL && m->emoji_count >= MESSAGE_EMOJI_MAX) ||
         m->reaction_count >= MESSAGE_REACTIONS_MAX))
        return ERR_FULL;
    *changes = is_on != react->on;
    return OK;
}

static struct emoji *emoji_add(struct memory_message *m, const struct event *react)
{
    struct emoji *emoji = mem_alloc(sizeof *emoji + react->body_length + 1);

    memcpy(emoji->text, react->body, react->body_length);
    list_append(&m->emoji, &emoji->link);
    m->emoji_count++;
    return emoji;
}

void memory_message_react(struct memory_message *m, const struct event *react)
{
    struct emoji *emoji = find_emoji(m, react->body);
    struct reactor *reactor;

    event_unref(&m->now);
    if (!react->on) {
        reactor_remove(m, emoji, find_reactor(emoji, react->user));
        if (emoji->reactors == NULL)
            emoji_remove(m, emoji);
        return;
    }
    if (emoji == NULL)
        emoji = emoji_add(m, react);
    reactor = mem_alloc(sizeof *reactor);
    reactor->user = username_ref(react->user);
    m->reaction_count++;
    HASH_ADD_KEYPTR(hh, emoji->reactors, reactor->user->key, reactor->user->key_length, reactor);
}

/* ---- edits, deletion ---- */

void memory_message_edit(struct memory_message *m, struct event *edit)
{
    event_unref(&m->now);
    event_unref(&m->edit);
    m->edit = event_ref(edit);
}

void memory_message_delete(struct memory_message *m)
{
    event_unref(&m->now);
    event_unref(&m->edit);
    LIST_EACH(&m->emoji, at, after)
    {
        emoji_remove(m, LIST_ENTRY(at, struct emoji, link));
    }
    m->is_deleted = true;
}

bool memory_message_is_deleted(const struct memory_message *m)
{
    return m != NULL && m->is_deleted;
}

void memory_message_free(struct memory_message *m)
{
    if (m == NULL)
        return;
    memory_message_delete(m);
    mem_free(m);
}

/* ---- telling ---- */

/* False when memory is short; what is there then is the caller's to free with the rest. */
static bool reaction_fill(struct reaction *reaction, const struct emoji *emoji)
{
    reaction->usernames = mem_try(HASH_COUNT(emoji->reactors) * sizeof(char *));
    if (reaction->usernames == NULL)
        return false;
    reaction->emoji = mem_strdup(emoji->text);
    for (const struct reactor *at = emoji->reactors; at != NULL; at = at->hh.next)
        reaction->usernames[reaction->count++] = mem_strdup(at->user->text);
    return true;
}

static struct message_state *state_make(const struct memory_message *m)
{
    struct message_state *state = message_state_make();

    state->edited_ts = m->edit != NULL ? m->edit->ts : 0;
    state->is_deleted = m->is_deleted;
    if (m->emoji_count == 0)
        return state;
    state->reactions = mem_alloc(m->emoji_count * sizeof *state->reactions);
    LIST_EACH(&m->emoji, at, after)
    {
        if (!reaction_fill(&state->reactions[state->reaction_count++],
                           LIST_ENTRY(at, struct emoji, link))) {
            message_state_free(state);
            return NULL;
        }
    }
    return state;
}

static struct event *now_make(const struct memory_message *m, const struct event *sent)
{
    const struct event *text = m->edit != NULL ? m->edit : sent;
    struct event *e = event_with_body(EVENT_MESSAGE, sent->user, text->body,
                                      m->is_deleted ? 0 : text->body_length);

    if (e == NULL)
        return NULL;
    e->room_id = sent->room_id;
    e->ts = sent->ts;
    e->seq = sent->seq;
    e->id = sent->id;
    e->reply_to = sent->reply_to;
    e->state = state_make(m);
    if (e->state == NULL)
        event_unref(&e);
    return e;
}

/* Made once for all who ask until something changes again, so that its text is written once, too. */
struct event *memory_message_now(struct memory_message *m, struct event *sent)
{
    if (m == NULL)
        return event_ref(sent);
    if (m->now == NULL)
        m->now = now_make(m, sent);
    return m->now != NULL ? event_ref(m->now) : NULL;
}
