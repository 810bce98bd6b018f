#include "journal/memory_room.h"
#include "base/hash.h"
#include "base/mem.h"
#include "core/name.h"

#include <string.h>

enum {
    CAPACITY_MIN = 16,
    EVENT_BYTES = 512, /* beside its body, which is in the text for the wire once more */
};

struct memory_room *memory_room_make(const char *key, uint64_t epoch, uint64_t number, uint64_t seq,
                                     uint64_t ts, uint32_t events_max)
{
    struct memory_room *room = mem_alloc(sizeof *room);

    room->key = mem_strdup(key);
    room->epoch = epoch;
    room->number = number;
    room->seq = seq;
    room->ts = ts;
    room->oldest = seq + 1;
    room->events_max = events_max;
    room->capacity = CAPACITY_MIN;
    room->slots = mem_alloc(CAPACITY_MIN * sizeof *room->slots);
    room->cids = mem_alloc(CAPACITY_MIN * sizeof *room->cids);
    list_init(&room->link);
    return room;
}

static struct memory_slot *slot_of(const struct memory_room *room, uint64_t seq)
{
    return &room->slots[seq & (room->capacity - 1)];
}

struct memory_slot *memory_room_at(const struct memory_room *room, uint64_t seq)
{
    return seq >= room->oldest && seq <= room->seq ? slot_of(room, seq) : NULL;
}

struct memory_slot *memory_room_message(const struct memory_room *room, uint64_t seq)
{
    struct memory_slot *slot = memory_room_at(room, seq);

    return slot != NULL && slot->event->type == EVENT_MESSAGE ? slot : NULL;
}

void memory_room_drop_oldest(struct memory_room *room)
{
    struct memory_slot *slot = slot_of(room, room->oldest++);

    event_unref(&slot->event);
    memory_message_free(slot->message);
    slot->message = NULL;
    room->bytes -= slot->bytes;
}

void memory_room_free(struct memory_room *room)
{
    while (room->oldest <= room->seq)
        memory_room_drop_oldest(room);
    mem_free(room->slots);
    mem_free(room->cids);
    mem_free(room->key);
    mem_free(room);
}

/* ---- cids ---- */

/* The events with a cid are chained from newest to oldest in each bucket. As the oldest go first, a chain
 * ends where it leaves what is kept, and nothing is ever to be unlinked. */
static void chain_cid(struct memory_room *room, struct memory_slot *slot)
{
    uint64_t *newest = &room->cids[slot->cid_hash & (room->capacity - 1)];

    slot->older_cid = *newest;
    *newest = slot->event->seq;
}

static uint32_t cid_hash(const struct event *e)
{
    return (uint32_t)(hash_bytes(e->cid, strlen(e->cid)) * 31 +
                      hash_bytes(e->user->key, e->user->key_length));
}

static bool is_same_person(const struct username *a, const struct username *b)
{
    return a == b || (a->key_length == b->key_length && memcmp(a->key, b->key, a->key_length) == 0);
}

/* What the same person has stored in this room under the cid; NULL: nothing. */
static const struct event *find_cid(const struct memory_room *room, const struct event *e,
                                    uint32_t hash)
{
    const struct memory_slot *slot = memory_room_at(room, room->cids[hash & (room->capacity - 1)]);

    for (; slot != NULL; slot = memory_room_at(room, slot->older_cid))
        if (slot->cid_hash == hash && strcmp(slot->event->cid, e->cid) == 0 &&
            is_same_person(slot->event->user, e->user))
            return slot->event;
    return NULL;
}

/* ---- keeping ---- */

/* Twice the ring; false, and all is as before, when memory is short. */
static bool grow(struct memory_room *room)
{
    size_t capacity = (size_t)room->capacity * 2;
    struct memory_slot *slots = mem_try(capacity * sizeof *slots), *old = room->slots;
    uint64_t *cids = mem_try(capacity * sizeof *cids);
    uint32_t old_mask = room->capacity - 1;

    if (slots == NULL || cids == NULL || capacity > UINT32_MAX) {
        mem_free(slots);
        mem_free(cids);
        return false;
    }
    memset(slots, 0, capacity * sizeof *slots);
    memset(cids, 0, capacity * sizeof *cids);
    mem_free(room->cids);
    room->slots = slots;
    room->cids = cids;
    room->capacity = (uint32_t)capacity;
    for (uint64_t seq = room->oldest; seq <= room->seq; seq++) {
        struct memory_slot *slot = slot_of(room, seq);

        *slot = old[seq & old_mask];
        if (slot->event->cid != NULL)
            chain_cid(room, slot);
    }
    mem_free(old);
    return true;
}

static void keep(struct memory_room *room, struct event *e, uint32_t hash, uint64_t now)
{
    uint64_t count = room->seq + 1 - room->oldest;
    struct memory_slot *slot;

    if (count >= room->events_max || (count == room->capacity && !grow(room)))
        memory_room_drop_oldest(room);
    room->seq++;
    if (now > room->ts)
        room->ts = now;
    e->seq = room->seq;
    e->ts = room->ts;
    if (e->type == EVENT_MESSAGE)
        e->id = (struct message_id){room->epoch, room->number, e->seq};
    slot = slot_of(room, e->seq);
    slot->event = e;
    slot->cid_hash = hash;
    slot->bytes = (uint32_t)(EVENT_BYTES + 2 * e->body_length);
    room->bytes += slot->bytes;
    if (e->cid != NULL)
        chain_cid(room, slot);
}

/* ---- the rules ---- */

/* What is done to a message, or to none yet: OK and is_repeat unset, it has been done. */
typedef enum err (*rule)(struct memory_room *, struct memory_slot *about, struct event *);

static struct memory_message *message_of(struct memory_slot *slot)
{
    if (slot->message == NULL)
        slot->message = memory_message_make();
    return slot->message;
}

static enum err take_message(struct memory_room *room, struct memory_slot *about, struct event *e)
{
    (void)about;
    if (e->reply_to != 0 && memory_room_message(room, e->reply_to) == NULL)
        return ERR_NOT_FOUND;
    return OK;
}

static enum err take_edit(struct memory_room *room, struct memory_slot *about, struct event *e)
{
    (void)room;
    if (!is_same_person(about->event->user, e->user))
        return ERR_FORBIDDEN;
    memory_message_edit(message_of(about), e);
    return OK;
}

/* Puts what is left when its words are taken away in the event's place, so that they are nowhere any
 * more. Those who hold the event keep it as it was. */
static void blank(struct memory_slot *slot)
{
    const struct event *e = slot->event;
    struct event *left = event_make(e->type, e->user);

    if (left == NULL || (e->cid != NULL && !event_set_cid(left, e->cid, strlen(e->cid)))) {
        event_unref(&left);
        return; /* no memory; a deleted message's state still hides its body */
    }
    left->room_id = e->room_id;
    left->ts = e->ts;
    left->seq = e->seq;
    left->id = e->id;
    left->reply_to = e->reply_to;
    event_unref(&slot->event);
    slot->event = left;
}

static enum err take_delete(struct memory_room *room, struct memory_slot *about, struct event *e)
{
    if (!is_same_person(about->event->user, e->user))
        return ERR_FORBIDDEN;
    memory_message_delete(message_of(about));
    for (uint64_t seq = about->event->seq; seq <= room->seq; seq++) {
        struct memory_slot *slot = slot_of(room, seq);

        if (slot->event->id.seq == e->id.seq && slot->event->type != EVENT_REACT)
            blank(slot);
    }
    return OK;
}

static enum err take_react(struct memory_room *room, struct memory_slot *about, struct event *e)
{
    bool changes = false;
    enum err outcome = memory_message_judge_react(about->message, e, &changes);

    (void)room;
    if (outcome == OK && changes)
        memory_message_react(message_of(about), e);
    if (outcome == OK && !changes) {
        e->is_repeat = true;
        e->seq = about->event->seq;
        e->ts = about->event->ts;
    }
    return outcome;
}

static const struct {
    rule take;
    bool is_about_a_message; /* which must be there, and not deleted */
} rules[] = {
    [EVENT_MESSAGE] = {take_message, false},
    [EVENT_EDIT] = {take_edit, true},
    [EVENT_DELETE] = {take_delete, true},
    [EVENT_REACT] = {take_react, true},
};

static enum err judge(struct memory_room *room, struct event *e)
{
    struct memory_slot *about = NULL;

    if (rules[e->type].is_about_a_message) {
        if (e->id.epoch == room->epoch && e->id.room == room->number)
            about = memory_room_message(room, e->id.seq);
        if (about == NULL || memory_message_is_deleted(about->message))
            return ERR_NOT_FOUND;
    }
    return rules[e->type].take(room, about, e);
}

bool memory_room_take(struct memory_room *room, struct event *e, uint64_t now_wall_ms)
{
    uint32_t hash = e->cid != NULL ? cid_hash(e) : 0;
    const struct event *first = e->cid != NULL ? find_cid(room, e, hash) : NULL;

    if (first != NULL) {
        e->is_repeat = true;
        e->seq = first->seq;
        e->ts = first->ts;
        e->id = first->id;
        return false;
    }
    e->outcome = judge(room, e);
    if (e->outcome != OK || e->is_repeat)
        return false;
    keep(room, e, hash, now_wall_ms);
    return true;
}
