/* command_read - what people ask for: history, search, people, rooms. */
#include "base/mem.h"
#include "core/command.h"
#include "core/hub.h"
#include "core/name.h"
#include "core/ports.h"
#include "core/proto_v2.h"
#include "core/receipt.h"
#include "core/shard.h"

#include <string.h>

enum {
    PAGE_DEFAULT = 50,
    PAGE_MAX = 200,
    ROOMS_MAX = 200,     /* that are listed */
    WORDS_MAX = 256,     /* bytes of a search */
    SEARCH_COST = 4,     /* messages that a search counts as, beside itself */
    USERS_A_TOKEN = 256, /* and so many people of an answer count as one */
    PAGE_BYTES =
        512 * 1024, /* the text that one page brings; what is beyond comes with the next one */
};

static void ask(const struct asked *a, struct query *q, enum query_purpose purpose)
{
    q->purpose = purpose;
    q->cid = a->cid != NULL ? mem_strdup(a->cid) : NULL;
    a->session->questions++;
    session_ask(a->session, q);
}

/* What takes the server more than a message does counts as more than one. */
static void charge(const struct asked *a, uint32_t cost)
{
    limit_charge(&a->session->bucket, &a->session->shard->rules->message_rate, cost);
}

static struct query *question(const struct asked *a, enum query_kind kind, const char *room_key)
{
    const struct request *r = a->request;
    struct query *q = query_make(kind, a->session->id, room_key);

    q->bytes_max = PAGE_BYTES;
    q->limit = request_has(r, FIELD_LIMIT) ? (uint32_t)r->number[FIELD_LIMIT] : PAGE_DEFAULT;
    return q;
}

static bool is_limit_fine(const struct request *r)
{
    return !request_has(r, FIELD_LIMIT) ||
           (r->number[FIELD_LIMIT] >= 1 && r->number[FIELD_LIMIT] <= PAGE_MAX);
}

static const char limit_fault[] = "\"limit\" must be from 1 to 200.";

enum err do_history(const struct asked *a)
{
    static const struct {
        enum request_field field;
        enum page_where where;
    } directions[] = {{FIELD_BEFORE, PAGE_BEFORE},
                      {FIELD_AFTER, PAGE_AFTER},
                      {FIELD_AROUND, PAGE_AROUND}};
    const struct request *r = a->request;
    enum page_where where = PAGE_LAST;
    uint64_t seq = 0;
    struct message_id id;
    int given = 0;
    struct query *q;

    for (size_t i = 0; i < sizeof directions / sizeof *directions; i++) {
        if (!request_has(r, directions[i].field))
            continue;
        where = directions[i].where;
        seq = r->number[directions[i].field];
        given++;
    }
    if (request_has(r, FIELD_ID)) {
        if (!asked_is_here(a, &r->text[FIELD_ID], &id))
            return asked_refuse(a, REFUSED_UNKNOWN_MESSAGE,
                                "There is no such message in this room.");
        where = PAGE_AROUND;
        seq = id.seq;
        given++;
    }
    if (given > 1)
        return asked_refuse(a, REFUSED_BAD_REQUEST,
                            "Give one of \"before\", \"after\", \"around\" and \"id\".");
    if (!is_limit_fine(r))
        return asked_refuse(a, REFUSED_BAD_REQUEST, limit_fault);
    q = question(a, QUERY_PAGE, a->room_key);
    q->where = where;
    q->seq = seq;
    ask(a, q, FOR_HISTORY);
    return OK;
}

/* Adds the rooms that are searched: the one that is named, in any spelling, or all; but only those that the
 * session is in, which it may read anyway. */
static void add_rooms(struct query *q, const struct asked *a)
{
    const struct request_text *room = &a->request->text[FIELD_ROOM];
    bool is_named = request_has(a->request, FIELD_ROOM);
    char key[ROOM_NAME_MAX_BYTES + 1];
    const char *reason;

    if (is_named && room_name_make(room->bytes, room->length, key, &reason) != OK)
        return;
    for (const struct place *p = a->session->places; p != NULL; p = p->next)
        if (p->is_counted && (!is_named || strcmp(key, hub_room_key(p->room)) == 0))
            query_add_room(q, hub_room_key(p->room));
}

enum err do_search(const struct asked *a)
{
    const struct request *r = a->request;
    const struct request_text *before = &r->text[FIELD_BEFORE_ID];
    struct message_id id = {0};
    struct query *q;

    if (r->text[FIELD_QUERY].length == 0 || r->text[FIELD_QUERY].length > WORDS_MAX)
        return asked_refuse(a, REFUSED_BAD_REQUEST, "\"q\" must have 1 to 256 bytes.");
    if (!is_limit_fine(r))
        return asked_refuse(a, REFUSED_BAD_REQUEST, limit_fault);
    if (request_has(r, FIELD_BEFORE_ID) && !message_id_read(before->bytes, before->length, &id))
        return asked_refuse(a, REFUSED_UNKNOWN_MESSAGE, "\"before\" is no message's id.");
    q = question(a, QUERY_SEARCH, NULL);
    add_rooms(q, a);
    if (q->room_count == 0) {
        query_free(q);
        return asked_refuse(a, REFUSED_NOT_JOINED, "Join the room first that you search.");
    }
    q->before = id;
    q->text = mem_strdup(r->text[FIELD_QUERY].bytes);
    ask(a, q, FOR_SEARCH);
    charge(a, SEARCH_COST);
    return OK;
}

enum err do_users(const struct asked *a)
{
    struct event *e = hub_users(a->session->shard->hub, a->place->room);
    const struct v2_users users = {.event = e, .cid = a->cid, .room = a->room_key};

    if (e == NULL)
        return asked_refuse(a, REFUSED_UNAVAILABLE, "The server is short of memory.");
    session_answer(a->session, v2_users, &users);
    charge(a, (uint32_t)(e->user_count / USERS_A_TOKEN));
    event_unref(&e);
    return OK;
}

enum err do_rooms(const struct asked *a)
{
    struct query *q = question(a, QUERY_ROOMS, NULL);

    q->limit = ROOMS_MAX;
    ask(a, q, FOR_ROOMS);
    return OK;
}

enum err do_ping(const struct asked *a)
{
    const struct v2_reply pong = {.type = "pong",
                                  .cid = a->cid,
                                  .ts = a->session->shard->now.wall_ms};

    session_answer(a->session, v2_reply, &pong);
    return OK;
}
