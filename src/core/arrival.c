#include "core/arrival.h"
#include "base/mem.h"
#include "base/random.h"
#include "core/hub.h"
#include "core/name.h"
#include "core/ports.h"
#include "core/proto_v2.h"
#include "core/receipt.h"
#include "core/session.h"
#include "core/shard.h"

#include <string.h>

enum {
    TRIES_MAX = 5, /* reads of the log before it is too busy to catch up with */
    RECOVERY_EVENTS = 5000,
    RECOVERY_BYTES = 2 * 1024 * 1024,
    LITTLE =
        4096, /* bytes of text that are given even if much of what others were given is unread */
    EVENT_BYTES = 200, /* about what a client is told of an event besides its text */
    TURNS_IF_CALM =
        4, /* of which as much as they deliver may be given in one to those who come back, */
    PART_IF_BEHIND = 2, /* or so small a part of it, so that what waits gets less */
    KEY_MIN = 16,       /* characters that a key must have to be taken for one */
    KEY_MAX = 64,
};

struct arrival {
    struct place *place; /* borrowed: whose it is */
    struct list turn;    /* in shard->returning while it waits for its turn */
    char *cid;           /* owned, or NULL */
    bool has_since;
    bool is_recovered;
    uint64_t known; /* with has_since: the newest event that the client has */
    uint64_t since; /* the same, or the newest that stored has for it */
    uint32_t last;
    unsigned tries;
    struct query *stored; /* owned: what the journal has answered; NULL: nothing */
};

/* ---- signing in ---- */

/* 128 bits of which nobody else knows, in hexadecimal. */
static char *new_key(void)
{
    uint8_t bits[16];
    char *key = mem_alloc(2 * sizeof bits + 1);

    random_bytes(bits, sizeof bits);
    for (size_t i = 0; i < sizeof bits; i++) {
        key[2 * i] = "0123456789abcdef"[bits[i] >> 4];
        key[2 * i + 1] = "0123456789abcdef"[bits[i] & 15];
    }
    return key;
}

bool arrival_sign_in(struct session *s, const struct request_text *name,
                     const struct request_text *key, const char *cid)
{
    struct refusal why = {.code = REFUSED_USERNAME_INVALID, .cid = cid};

    if (username_make(name->bytes, name->length, &s->username, &why.text) != OK) {
        session_fail(s, CLOSE_BAD_REQUEST, &why);
        return false;
    }
    if (s->version == PROTO_V1)
        return true;
    /* One that was given before is kept even if nothing is held for it any more: other rooms may. */
    if (key != NULL && key->length >= KEY_MIN && key->length <= KEY_MAX)
        s->key = mem_strdup(key->bytes);
    else
        s->key = new_key();
    return true;
}

/* ---- on the way ---- */

static void forget_stored(struct arrival *a)
{
    query_free(a->stored);
    a->stored = NULL;
}

void arrival_free(struct place *p)
{
    struct arrival *a = p->arrival;

    p->arrival = NULL;
    if (a == NULL)
        return;
    list_remove(&a->turn);
    forget_stored(a);
    mem_free(a->cid);
    mem_free(a);
}

static void ask(struct place *p, enum query_kind kind)
{
    const struct arrival *a = p->arrival;
    struct query *q = query_make(kind, p->session->id, hub_room_key(p->room));

    q->purpose = FOR_ARRIVAL;
    q->asked_seq = p->number;
    q->where = PAGE_LAST;
    q->seq = a->since;
    q->limit = kind == QUERY_EVENTS ? RECOVERY_EVENTS : a->last;
    q->bytes_max = RECOVERY_BYTES;
    q->wants_all = true; /* a part of what was missed would only be thrown away */
    session_ask(p->session, q);
}

/* The first room that cannot be had ends the session, for there is nothing else it could do. */
static void refuse(struct place *p, enum close_code code, struct refusal why)
{
    struct session *s = p->session;
    char *cid = p->arrival->cid != NULL ? mem_strdup(p->arrival->cid) : NULL;
    char *room = mem_strdup(hub_room_key(p->room));

    why.cid = cid;
    why.room = room;
    session_drop_place(p, LEAVE_QUIT);
    if (s->places == NULL && !s->was_in)
        session_fail(s, code, &why);
    else
        session_refuse(s, &why);
    mem_free(cid);
    mem_free(room);
}

static const struct refusal name_taken = {
    .code = REFUSED_USERNAME_TAKEN,
    .text = "Somebody with this name is already here. Please choose another name.",
};
static const struct refusal no_memory = {
    .code = REFUSED_UNAVAILABLE,
    .text = "The server is short of memory. Try again later.",
    .retry_after_ms = 5000,
};
static const struct refusal no_journal = {
    .code = REFUSED_UNAVAILABLE,
    .text = "The server cannot read its history now. Try again later.",
    .retry_after_ms = 2000,
};

static bool wants_events(const struct arrival *a)
{
    return a->has_since || a->last != 0;
}

/* What the shard gives in this turn to those who want events. Who wants none is not counted. */
static void note_given(const struct place *p, size_t events, size_t bytes)
{
    if (wants_events(p->arrival))
        p->session->shard->given += events * EVENT_BYTES + bytes;
}

static void note_joined(const struct place *p, const struct joined_at *at, uint64_t since)
{
    const struct query *stored = p->arrival->stored;
    size_t events = (size_t)(at->newest - since), bytes = at->bytes;

    for (size_t i = 0; stored != NULL && i < stored->item_count; i++) {
        events++;
        bytes += event_text_size(stored->items[i]);
    }
    note_given(p, events, bytes);
}

static enum err join(struct place *p, bool has_since, uint64_t since, uint64_t *newest)
{
    struct session *s = p->session;
    struct joined_at at = {0};
    enum err answer;
    const struct joining joining = {
        .user = s->username,
        .session = s->id,
        .place = p->number,
        .key = s->key,
        .tells_people = s->version == PROTO_V2,
        .has_since = has_since,
        .since = since,
        .missed_max = shard_is_laden(s->shard) ? LITTLE : SIZE_MAX,
    };

    answer = hub_join(s->shard->hub, p->room, &joining, s->shard->now, &at);
    *newest = at.newest;
    if (answer == OK)
        note_joined(p, &at, has_since ? since : at.newest);
    return answer;
}

/* The session was in the room already and came in once more: it is there once, and has been told all that
 * its older place was not. */
static void drop_older(struct place *p)
{
    struct place *next;

    for (struct place *older = p->next; older != NULL; older = next) {
        next = older->next;
        if (older->room == p->room)
            session_drop_place(older, LEAVE_REPLACED);
    }
}

/* True if the hub said yes or no; false if the log has to be read (again) first. */
static bool is_settled(struct place *p, enum err answer)
{
    switch (answer) {
    case OK:
        p->is_counted = p->session->was_in = true;
        drop_older(p);
        p->session->ops->want_write(
            p->session->wire); /* version 1 waits no more, and is not told */
        return true;
    case ERR_NOT_FOUND:
        return false;
    case ERR_TAKEN:
        refuse(p, CLOSE_NAME_TAKEN, name_taken);
        return true;
    default:
        refuse(p, CLOSE_TRY_AGAIN_LATER, no_memory);
        return true;
    }
}

/* What was stored is in the log before the hub hears of it. Of what was read the events that it has not heard
 * of yet come live, after the join. */
static void forget_after(struct arrival *a, uint64_t newest)
{
    struct query *q = a->stored;

    while (q->item_count > 0 && q->items[q->item_count - 1]->seq > newest)
        event_unref(&q->items[--q->item_count]);
    a->since = newest;
}

/* Joins after since, which is what stored reaches to, if anything is stored. False: the log has to be read (again). */
static bool join_after(struct place *p, uint64_t *newest)
{
    struct arrival *a = p->arrival;
    bool was_settled = is_settled(p, join(p, true, a->since, newest));

    if (was_settled || a->stored == NULL || a->since <= *newest || a->known > *newest)
        return was_settled;
    forget_after(a, *newest);
    return is_settled(p, join(p, true, a->since, newest));
}

static void give_up_recovery(struct arrival *a)
{
    a->is_recovered = a->has_since = false;
    a->known = 0;
    forget_stored(a);
}

static bool may_ask(struct place *p)
{
    return p->arrival->tries++ < TRIES_MAX && !shard_is_laden(p->session->shard);
}

/* Joins after since, or asks the log for what the tail does not have. True: done for now. */
static bool try_recovery(struct place *p)
{
    struct arrival *a = p->arrival;
    uint64_t newest = 0;

    a->is_recovered = true;
    if (join_after(p, &newest))
        return true;
    if (may_ask(p)) {
        if (newest > a->since && newest - a->since <= RECOVERY_EVENTS)
            note_given(p, (size_t)(newest - a->since), 0); /* reading them costs as well */
        ask(p, QUERY_EVENTS);
        return true;
    }
    give_up_recovery(a);
    return false;
}

/* The newest messages, then what came after them. True: done for now. */
static bool try_last(struct place *p)
{
    struct arrival *a = p->arrival;
    uint64_t newest = 0;

    if (a->stored != NULL && join_after(p, &newest))
        return true;
    forget_stored(a);
    if (may_ask(p)) {
        ask(p, QUERY_PAGE);
        return true;
    }
    a->last = 0;
    return false;
}

static void step(struct place *p)
{
    struct arrival *a = p->arrival;
    uint64_t newest;

    if (a->stored != NULL && shard_is_laden(p->session->shard)) {
        give_up_recovery(a);
        a->last = 0;
    }
    if (a->has_since && try_recovery(p))
        return;
    if (a->last != 0 && try_last(p))
        return;
    (void)is_settled(p, join(p, false, 0, &newest));
}

/* What each is given comes in the order of the events: more of it than a turn delivers would delay all others. */
static bool may_give(const struct shard *shard)
{
    size_t turn = ring_turn_bytes(&shard->rules->ring);

    return shard->given < (shard->is_behind ? turn / PART_IF_BEHIND : TURNS_IF_CALM * turn);
}

/* Who wants events may be given much, so when many do at once they take turns: live events wait for a few of them, not
 * for all. What counts is how much that is, not how many they are: each may be news to all the others, and many
 * who come in one turn cost those one write. */
static void step_in_turn(struct place *p)
{
    struct shard *shard = p->session->shard;

    if (!wants_events(p->arrival) || may_give(shard))
        step(p);
    else
        list_append(&shard->returning, &p->arrival->turn);
}

void arrival_next_turn(struct shard *shard)
{
    struct list waiting;

    list_init(&waiting);
    list_take(&shard->returning, &waiting);
    shard->given = 0;
    while (!list_empty(&waiting) && may_give(shard)) {
        struct arrival *a = LIST_ENTRY(waiting.next, struct arrival, turn);

        list_remove(&a->turn);
        step_in_turn(a->place);
    }
    list_take(&waiting, &shard->returning);
}

void arrival_begin(struct session *s, const char *room_key, const struct arrival_wish *wish)
{
    struct place *p = mem_alloc(sizeof *p);
    struct arrival *a = mem_alloc(sizeof *a);
    struct hub *hub = s->shard->hub;
    bool is_known;

    if (wish != NULL) {
        a->cid = wish->cid != NULL ? mem_strdup(wish->cid) : NULL;
        a->has_since = wish->has_since && wish->since_epoch == hub_journal(hub)->epoch;
        a->known = a->has_since ? wish->since : 0;
        a->since = wish->since;
        a->last = wish->last;
    }
    list_init(&a->turn);
    a->place = p;
    p->session = s;
    p->arrival = a;
    p->number = ++s->last_place;
    p->room = hub_open(hub, room_key, &is_known);
    p->next = s->places;
    s->places = p;
    if (is_known)
        step_in_turn(p);
    else
        ask(p, QUERY_HEAD);
}

/* ---- answers ---- */

/* Adds what was read to what is told; false if it is not all that was missed. */
static bool take_events(struct arrival *a, struct event *e)
{
    struct query *q = e->query;

    if (q->more || q->head.seq < a->since || q->head.oldest > a->since + 1)
        return false;
    a->since = q->head.seq;
    if (a->stored == NULL) {
        a->stored = q;
        e->query = NULL;
        return true;
    }
    for (size_t i = 0; i < q->item_count; i++)
        if (!query_add_item(a->stored, event_ref(q->items[i]), NULL))
            return false;
    return true;
}

void arrival_answered(struct session *s, struct event *e)
{
    struct query *q = e->query;
    struct place *p = session_place_by_number(s, (uint32_t)q->asked_seq);
    struct arrival *a;

    if (p == NULL || p->arrival == NULL || p->is_counted)
        return; /* it has left meanwhile */
    a = p->arrival;
    if (q->outcome != OK) {
        refuse(p, CLOSE_TRY_AGAIN_LATER, no_journal);
        return;
    }
    hub_learn(s->shard->hub, p->room, &q->head);
    if (q->kind == QUERY_PAGE) {
        a->stored = q;
        a->since = q->head.seq;
        e->query = NULL;
    } else if (q->kind == QUERY_EVENTS && !take_events(a, e)) {
        give_up_recovery(a);
    }
    step_in_turn(p);
}

void arrival_complete(struct place *p, struct event *joined)
{
    struct session *s = p->session;
    const struct arrival *a = p->arrival;
    struct query *stored = a->stored;
    char *cid = a->cid;
    const struct v2_joined told = {
        .cid = cid,
        .room = hub_room_key(p->room),
        .key = s->key,
        .user = s->username,
        .epoch = hub_journal(s->shard->hub)->epoch,
        .is_recovered = a->is_recovered && a->has_since,
        .stored = stored != NULL ? stored->items : NULL,
        .stored_count = stored != NULL ? stored->item_count : 0,
        .event = joined,
    };

    /* What follows may close the session, and free the place. */
    mem_free(p->arrival);
    p->arrival = NULL;
    if (s->version == PROTO_V2)
        session_answer_paid(s, v2_joined, &told);
    query_free(stored);
    mem_free(cid);
}
