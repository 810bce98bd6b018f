#include "core/shard.h"
#include "base/mem.h"
#include "core/frame.h"
#include "core/hub.h"
#include "core/proto.h"
#include "core/session.h"
#include "core/table.h"

#include <string.h>

/* Which events may be left out for a session that reads too slowly. */
enum sheddable { NEVER, MADE_GOOD_BY_USERS };

static const enum sheddable sheddable[EVENT_TYPES] = {
    [EVENT_MESSAGE] = NEVER,
    [EVENT_JOIN] = MADE_GOOD_BY_USERS,
    [EVENT_LEAVE] = MADE_GOOD_BY_USERS,
    [EVENT_USERS] = MADE_GOOD_BY_USERS,
};

enum {
    SEGMENT_FIRST = 512,       /* bytes; it doubles as it fills */
    SEGMENT_FULL = 128 * 1024, /* then the next frame begins another one */
};

struct shard_slot {
    struct session *session; /* NULL: free */
    uint32_t generation;     /* of the session that has it or had it last */
    uint32_t next_free;
};

/* Frames of one protocol version that wait to be put into the members' rings: all that the segment
 * holds from start on. */
struct gathering {
    struct segment *segment; /* owned; NULL: nothing was encoded for this version */
    uint32_t start;
    uint32_t frames;
};

struct shard_room {
    uint64_t id;              /* the hub's */
    struct session **members; /* owned array */
    uint32_t count;
    uint32_t capacity;
    uint32_t listeners[PROTO_VERSIONS]; /* members by version */
    struct gathering gathered[PROTO_VERSIONS];
    enum sheddable shed;   /* of all that is gathered */
    struct list gathering; /* in shard->gathering while frames wait */
    UT_hash_handle hh;
};

void shard_init(struct shard *shard, uint32_t worker, struct hub *hub, const struct rules *rules)
{
    *shard = (struct shard){.worker = worker, .hub = hub, .rules = rules, .now = clock_now()};
    list_init(&shard->gathering);
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

static struct shard_room *room_make(struct shard *shard, uint64_t id)
{
    struct shard_room *room = mem_alloc(sizeof *room);

    room->id = id;
    list_init(&room->gathering);
    HASH_ADD(hh, shard->rooms, id, sizeof room->id, room);
    return room;
}

static void room_free(struct shard *shard, struct shard_room *room)
{
    HASH_DEL(shard->rooms, room);
    list_remove(&room->gathering);
    for (unsigned v = 0; v < PROTO_VERSIONS; v++)
        segment_unref(&room->gathered[v].segment);
    mem_free(room->members);
    mem_free(room);
}

static void add_member(struct shard *shard, uint64_t room_id, struct session *s)
{
    struct shard_room *room = find_room(shard, room_id);
    const struct gathering *g;

    if (room == NULL)
        room = room_make(shard, room_id);
    if (room->count == room->capacity) {
        uint32_t capacity = room->capacity != 0 ? room->capacity * 2 : 4;
        struct session **members = mem_alloc(capacity * sizeof(struct session *));

        if (room->count != 0)
            memcpy(members, room->members, room->count * sizeof(struct session *));
        mem_free(room->members);
        room->members = members;
        room->capacity = capacity;
    }
    g = &room->gathered[s->version];
    s->member.skip_bytes = g->segment != NULL ? g->segment->length - g->start : 0;
    s->member.skip_frames = g->frames;
    s->member.shard_room = room;
    s->member.index = room->count;
    s->member.wants_users = true;
    room->members[room->count++] = s;
    room->listeners[s->version]++;
}

void shard_remove_member(struct session *s)
{
    struct shard_room *room = s->member.shard_room;
    struct session *moved;

    if (room == NULL)
        return;
    s->member.shard_room = NULL;
    room->listeners[s->version]--;
    moved = room->members[--room->count];
    room->members[s->member.index] = moved;
    moved->member.index = s->member.index;
    if (room->count == 0)
        room_free(s->shard, room);
}

/* Walks backwards: a session that is closed in the body leaves its place to one that was already
 * visited, and the room goes away with its last member, the last one visited. (Whoever is pushed to
 * last is flushed first, so people are served in the order in which they joined.) */
#define EACH_MEMBER(room, s)                                                                       \
    uint32_t i_ = (room)->count;                                                                   \
    i_ > 0 && ((s) = (room)->members[i_ - 1], true);                                               \
    i_--

/* Puts what a room has gathered into its members' rings. The room may be gone afterwards. */
static void room_settle(struct shard_room *room)
{
    struct gathering gathered[PROTO_VERSIONS];
    enum sheddable shed = room->shed;
    struct session *s;

    memcpy(gathered, room->gathered, sizeof gathered);
    memset(room->gathered, 0, sizeof room->gathered);
    list_remove(&room->gathering);
    for (EACH_MEMBER(room, s)) {
        const struct gathering *g = &gathered[s->version];
        struct range range = {
            .segment = g->segment,
            .offset = g->start + s->member.skip_bytes,
            .frames = g->frames - s->member.skip_frames,
        };

        s->member.skip_bytes = s->member.skip_frames = 0;
        if (range.frames == 0)
            continue;
        range.length = g->segment->length - range.offset;
        if (shed == MADE_GOOD_BY_USERS && ring_is_strained(&s->ring, &s->shard->rules->ring))
            s->member.shed = true;
        else
            session_send(s, &range);
    }
    for (unsigned v = 0; v < PROTO_VERSIONS; v++)
        segment_unref(&gathered[v].segment);
}

void shard_settle(struct shard *shard)
{
    while (!list_empty(&shard->gathering))
        room_settle(LIST_ENTRY(shard->gathering.next, struct shard_room, gathering));
    shard->gathered = 0;
}

/* Nobody may miss an event and believe to have seen all. */
static void close_all(struct shard_room *room)
{
    struct session *s;

    for (EACH_MEMBER(room, s))
        session_close(s, CLOSE_INTERNAL_ERROR, "The server is short of memory.");
}

/* Encodes e into the segments that the room gathers in; false when memory is short. */
static bool gather(struct shard *shard, struct shard_room *room, const struct event *e)
{
    for (unsigned v = 0; v < PROTO_VERSIONS; v++) {
        struct gathering *g = &room->gathered[v];
        uint32_t before;

        if (room->listeners[v] == 0 || protos[v]->encode[e->type] == NULL)
            continue;
        if (g->segment == NULL && (g->segment = segment_create(SEGMENT_FIRST)) == NULL)
            return false;
        before = g->segment->length;
        if (protos[v]->encode[e->type](g->segment, e) != OK)
            return false;
        g->frames++;
        shard->gathered += g->segment->length - before;
    }
    return true;
}

static bool is_full(const struct shard_room *room)
{
    for (unsigned v = 0; v < PROTO_VERSIONS; v++)
        if (room->gathered[v].segment != NULL && room->gathered[v].segment->length > SEGMENT_FULL)
            return true;
    return false;
}

/* A snapshot goes only to those who want it if the room is large, so it cannot be gathered. */
static void deliver_users(struct shard_room *room, const struct event *e)
{
    struct segment *frames[PROTO_VERSIONS] = {NULL};
    struct session *s;

    for (EACH_MEMBER(room, s)) {
        struct segment **frame = &frames[s->version];

        if (protos[s->version]->encode[EVENT_USERS] == NULL ||
            (e->user_count > USERS_BROADCAST_MAX && !s->member.wants_users))
            continue;
        if (ring_is_strained(&s->ring, &s->shard->rules->ring)) {
            s->member.shed = true;
            continue;
        }
        if (*frame == NULL && (*frame = segment_create(SEGMENT_FIRST)) != NULL &&
            protos[s->version]->encode[EVENT_USERS](*frame, e) != OK)
            segment_unref(frame);
        if (*frame == NULL) {
            session_close(s, CLOSE_INTERNAL_ERROR, "The server is short of memory.");
            continue;
        }
        s->member.wants_users = false;
        session_send_snapshot(s, *frame);
    }
    for (unsigned v = 0; v < PROTO_VERSIONS; v++)
        segment_unref(&frames[v]);
}

void shard_deliver(struct shard *shard, struct event *e)
{
    struct session *joiner = e->type == EVENT_JOIN ? find_session(shard, e->origin) : NULL;
    struct shard_room *room = find_room(shard, e->room_id);

    /* What is gathered together is shed together. */
    if (room != NULL && !list_empty(&room->gathering) &&
        (e->type == EVENT_USERS || room->shed != sheddable[e->type] || is_full(room)))
        room_settle(room);
    if (joiner != NULL && !joiner->closing)
        add_member(shard, e->room_id, joiner);
    room = find_room(shard, e->room_id);
    if (room == NULL)
        return;
    if (e->type == EVENT_USERS) {
        deliver_users(room, e);
        return;
    }
    room->shed = sheddable[e->type];
    if (list_empty(&room->gathering))
        list_append(&shard->gathering, &room->gathering);
    if (!gather(shard, room, e))
        close_all(room);
}
