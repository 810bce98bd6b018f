#include "core/receipt.h"
#include "base/mem.h"
#include "core/arrival.h"
#include "core/hub.h"
#include "core/ports.h"
#include "core/proto_v2.h"
#include "core/session.h"
#include "core/shard.h"

#include <string.h>

/* ---- durable events ---- */

static const struct {
    enum err outcome;
    struct refusal why;
} outcomes[] = {
    {ERR_NOT_FOUND, {.code = REFUSED_UNKNOWN_MESSAGE, .text = "There is no such message here."}},
    {ERR_FORBIDDEN,
     {.code = REFUSED_NOT_AUTHOR, .text = "Only the author of a message can change it."}},
    {ERR_FULL,
     {.code = REFUSED_BAD_REQUEST, .text = "This message has as many reactions as one may have."}},
};
static const struct refusal not_stored = {
    .code = REFUSED_UNAVAILABLE,
    .text = "The server cannot store messages now. Try again in a moment.",
    .retry_after_ms = 2000,
};

static struct refusal refusal_of(enum err outcome)
{
    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++)
        if (outcomes[i].outcome == outcome)
            return outcomes[i].why;
    return not_stored;
}

/* NULL if it has left meanwhile. */
static const char *room_of(const struct session *s, uint64_t room_id)
{
    for (const struct place *p = s->places; p != NULL; p = p->next)
        if (hub_room_id(p->room) == room_id)
            return hub_room_key(p->room);
    return NULL;
}

void receipt_of_event(struct session *s, const struct event *e)
{
    const struct v2_ack ack = {.event = e, .room = room_of(s, e->room_id)};
    struct refusal why;

    if (!event_type_is_durable(e->type))
        return;
    if (e->outcome != OK) {
        why = refusal_of(e->outcome);
        why.cid = e->cid;
        why.room = ack.room;
        session_refuse(s, &why);
    } else if (s->version == PROTO_V2) {
        session_answer(s, v2_ack, &ack);
    }
}

/* ---- questions ---- */

enum { SHORT_PAGE = 32 * 1024 /* bytes of text */ };

static size_t count_bytes(const struct query *q)
{
    size_t bytes = 0;

    for (size_t i = 0; i < q->item_count; i++)
        bytes += event_text_size(q->items[i]);
    return bytes;
}

static void drop_first(struct query *q)
{
    event_unref(&q->items[0]);
    memmove(q->items, q->items + 1, --q->item_count * sizeof *q->items);
}

static void drop_last(struct query *q)
{
    event_unref(&q->items[--q->item_count]);
    if (q->item_rooms != NULL)
        mem_free(q->item_rooms[q->item_count]);
}

/* Which end of the page is far from what was asked for; around a seq it is the one that is farther. */
static bool is_first_far(const struct query *q)
{
    const struct event *first = q->items[0], *last = q->items[q->item_count - 1];

    if (q->kind == QUERY_SEARCH || q->where == PAGE_AFTER)
        return false;
    return q->where != PAGE_AROUND || first->seq + last->seq <= 2 * q->seq;
}

/* A page of long messages is cut at its far end, which the next page begins with. */
static void cut_page(struct query *q)
{
    size_t bytes = count_bytes(q);

    while (q->item_count > 1 && bytes > q->bytes_max) {
        bool is_first = is_first_far(q);

        bytes -= event_text_size(q->items[is_first ? 0 : q->item_count - 1]);
        if (is_first)
            drop_first(q);
        else
            drop_last(q);
        q->more = q->more || is_first || q->where != PAGE_AROUND;
    }
}

static bool is_unread(const struct session *s, const struct query *q)
{
    return s->unread == ANSWER_STUCK || s->ring.bytes > q->bytes_max;
}

/* Who has several questions under way and does not read the answer to the first gets short ones to the others; so do
 * all while others leave too much unread. */
static void answer_page(struct session *s, struct query *q)
{
    const struct v2_page page = {.query = q, .epoch = hub_journal(s->shard->hub)->epoch};

    if (q->bytes_max > SHORT_PAGE && (is_unread(s, q) || shard_is_laden(s->shard)))
        q->bytes_max = SHORT_PAGE;
    cut_page(q);
    session_answer_paid(s, q->kind == QUERY_SEARCH ? v2_search : v2_history, &page);
}

/* Rooms with history, then those that have people and no history yet. */
struct room_list {
    struct query *query;
    struct v2_room *rooms; /* owned array */
    char **names;          /* owned array: of the rooms without history */
    size_t count, room, name_count;
};

static void add_room(void *arg, const char *room_key)
{
    struct room_list *list = arg;

    if (list->count == list->room)
        return;
    list->names[list->name_count] = mem_strdup(room_key);
    list->rooms[list->count++] =
        (struct v2_room){.name = list->names[list->name_count++], .topic = ""};
}

static void answer_rooms(struct session *s, struct query *q)
{
    struct hub *hub = s->shard->hub;
    struct room_list list = {.query = q, .room = q->info_count + q->limit};
    struct v2_rooms told = {.cid = q->cid};

    list.rooms = mem_alloc(list.room * sizeof *list.rooms);
    list.names = mem_alloc(list.room * sizeof(char *));
    for (size_t i = 0; i < q->info_count; i++)
        list.rooms[list.count++] = (struct v2_room){.name = q->infos[i].name,
                                                    .topic = q->infos[i].topic,
                                                    .seq = q->infos[i].seq};
    hub_each_silent_room(hub, q->limit, add_room, &list);
    for (size_t i = 0; i < list.count; i++)
        list.rooms[i].members = hub_count_people(hub, list.rooms[i].name);
    told.rooms = list.rooms;
    told.count = list.count;
    session_answer(s, v2_rooms, &told);
    while (list.name_count > 0)
        mem_free(list.names[--list.name_count]);
    mem_free(list.names);
    mem_free(list.rooms);
}

static void (*const answers[])(struct session *s, struct query *q) = {
    [FOR_HISTORY] = answer_page,
    [FOR_SEARCH] = answer_page,
    [FOR_ROOMS] = answer_rooms,
};

static struct refusal refusal_of_question(enum err outcome)
{
    struct refusal why = not_stored;

    why.text = "The server cannot read its history now. Try again in a moment.";
    if (outcome == ERR_FULL)
        why.text =
            "The search did not end in time. Try again in a moment, or look for longer words.";
    return why;
}

void receipt_of_answer(struct session *s, struct event *e)
{
    struct query *q = e->query;

    session_answered(s, q);
    if (q->purpose == FOR_ARRIVAL) {
        arrival_answered(s, e);
        return;
    }
    s->questions--;
    if (q->outcome == OK) {
        answers[q->purpose](s, q);
    } else {
        struct refusal why = refusal_of_question(q->outcome);

        why.cid = q->cid;
        why.room = q->room_count != 0 ? q->rooms[0] : NULL;
        session_refuse(s, &why);
    }
}
