#include "core/shard.h"
#include "base/mem.h"
#include "core/frame.h"
#include "core/hub.h"
#include "core/session.h"

#include <string.h>
#include <uthash.h>

struct shard_slot {
    struct session *session; /* NULL: free */
    uint32_t generation;     /* of the session that has it or had it last */
    uint32_t next_free;
};

struct shard_room {
    uint64_t id;              /* the hub's */
    struct session **members; /* owned array */
    uint32_t count;
    uint32_t capacity;
    UT_hash_handle hh;
};

/* Which events may be left out for a session that reads too slowly. */
enum sheddable { NEVER, MADE_GOOD_BY_USERS };

static const struct {
    enum sheddable shed;
} traits[EVENT_TYPES] = {
    [EVENT_MESSAGE] = {NEVER},
    [EVENT_JOIN] = {MADE_GOOD_BY_USERS},
    [EVENT_LEAVE] = {MADE_GOOD_BY_USERS},
    [EVENT_USERS] = {MADE_GOOD_BY_USERS},
};

void shard_init(struct shard *shard, uint32_t worker, struct hub *hub, const struct rules *rules)
{
    *shard = (struct shard){.worker = worker, .hub = hub, .rules = rules, .now = clock_now()};
}

void shard_destroy(struct shard *shard)
{
    mem_free(shard->slots);
}

static void add_slots(struct shard *shard)
{
    uint32_t count = shard->slot_count != 0 ? shard->slot_count * 2 : 64;
    struct shard_slot *slots = mem_alloc(count * sizeof *slots);

    if (shard->slot_count != 0)
        memcpy(slots, shard->slots, shard->slot_count * sizeof *slots);
    mem_free(shard->slots);
    for (uint32_t i = shard->slot_count; i < count; i++)
        slots[i].next_free = i + 1;
    shard->free_slot = shard->slot_count;
    shard->slots = slots;
    shard->slot_count = count;
}

void shard_register(struct shard *shard, struct session *s)
{
    struct shard_slot *slot;

    if (shard->free_slot == shard->slot_count)
        add_slots(shard);
    slot = &shard->slots[shard->free_slot];
    s->id = (struct session_id){shard->worker, shard->free_slot, ++slot->generation};
    if (s->id.generation == 0) /* 0 is nobody; comes round once in four billion sessions */
        s->id.generation = ++slot->generation;
    shard->free_slot = slot->next_free;
    slot->session = s;
}

void shard_unregister(struct shard *shard, struct session *s)
{
    struct shard_slot *slot = &shard->slots[s->id.slot];

    slot->session = NULL;
    slot->next_free = shard->free_slot;
    shard->free_slot = s->id.slot;
}

static struct session *find_session(struct shard *shard, struct session_id id)
{
    struct shard_slot *slot;

    if (id.generation == 0 || id.worker != shard->worker)
        return NULL;
    slot = &shard->slots[id.slot];
    return slot->generation == id.generation ? slot->session : NULL;
}

static struct shard_room *find_room(struct shard *shard, uint64_t id)
{
    struct shard_room *room;

    HASH_FIND(hh, shard->rooms, &id, sizeof id, room);
    return room;
}

static void add_member(struct shard *shard, uint64_t room_id, struct session *s)
{
    struct shard_room *room = find_room(shard, room_id);

    if (room == NULL) {
        room = mem_alloc(sizeof *room);
        room->id = room_id;
        HASH_ADD(hh, shard->rooms, id, sizeof room->id, room);
    }
    if (room->count == room->capacity) {
        uint32_t capacity = room->capacity != 0 ? room->capacity * 2 : 4;
        struct session **members = mem_alloc(capacity * sizeof(struct session *));

        if (room->count != 0)
            memcpy(members, room->members, room->count * sizeof(struct session *));
        mem_free(room->members);
        room->members = members;
        room->capacity = capacity;
    }
    s->member.shard_room = room;
    s->member.index = room->count;
    s->member.wants_users = true;
    room->members[room->count++] = s;
}

void shard_remove_member(struct session *s)
{
    struct shard_room *room = s->member.shard_room;
    struct session *moved;

    if (room == NULL)
        return;
    s->member.shard_room = NULL;
    moved = room->members[--room->count];
    room->members[s->member.index] = moved;
    moved->member.index = s->member.index;
    if (room->count == 0) {
        HASH_DEL(s->shard->rooms, room);
        mem_free(room->members);
        mem_free(room);
    }
}

/* One frame for each version in use, made when the first member of that version comes up. */
struct encoding {
    const struct event *event;
    struct frame *frame[PROTO_VERSIONS];
};

static struct frame *encoded(struct encoding *encoding, const struct session *s)
{
    struct frame **frame = &encoding->frame[s->version];

    if (*frame == NULL)
        *frame = s->proto->encode[encoding->event->type](encoding->event);
    return *frame;
}

static bool is_for(const struct event *e, const struct session *s)
{
    if (s->proto->encode[e->type] == NULL)
        return false;
    return e->type != EVENT_USERS || e->user_count <= USERS_BROADCAST_MAX || s->member.wants_users;
}

static void offer(struct session *s, struct encoding *encoding)
{
    enum event_type type = encoding->event->type;
    struct frame *frame;

    if (!is_for(encoding->event, s))
        return;
    if (traits[type].shed == MADE_GOOD_BY_USERS &&
        ring_is_strained(&s->ring, &s->shard->rules->ring)) {
        s->member.shed = true;
        return;
    }
    frame = encoded(encoding, s);
    if (frame == NULL) {
        /* It must not miss an event and believe that it saw all. */
        session_close(s, CLOSE_INTERNAL_ERROR, "The server is short of memory.");
        return;
    }
    if (type == EVENT_USERS)
        s->member.wants_users = false;
    session_send(s, frame);
}

void shard_deliver(struct shard *shard, struct event *e)
{
    struct session *joiner = e->type == EVENT_JOIN ? find_session(shard, e->admitted) : NULL;
    struct encoding encoding = {.event = e};
    struct shard_room *room;

    if (joiner != NULL && !joiner->closing)
        add_member(shard, e->room_id, joiner);
    room = find_room(shard, e->room_id);
    if (room == NULL)
        return;
    /* Backwards: a session that is closed here leaves its place to one that was already served. The
     * room goes away with its last member, which is the last one that this loop visits. */
    for (uint32_t i = room->count; i-- > 0;)
        offer(room->members[i], &encoding);
    for (unsigned v = 0; v < PROTO_VERSIONS; v++)
        frame_unref(&encoding.frame[v]);
}
