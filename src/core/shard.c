#include "core/shard.h"
#include "base/mem.h"
#include "core/arrival.h"
#include "core/frame.h"
#include "core/hub.h"
#include "core/proto.h"
#include "core/receipt.h"
#include "core/session.h"
#include "core/table.h"

#include <string.h>

/* Which events may be left out for a session that reads too slowly; those further down sooner. */
enum sheddable { NEVER, MADE_GOOD_BY_USERS, OF_THE_MOMENT };

static const enum sheddable sheddable[EVENT_TYPES] = {
    [EVENT_JOIN] = MADE_GOOD_BY_USERS,
    [EVENT_LEAVE] = MADE_GOOD_BY_USERS,
    [EVENT_USERS] = MADE_GOOD_BY_USERS,
    [EVENT_TYPING] = OF_THE_MOMENT,
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

/* Frames of one protocol version that wait to be put into the members' rings. */
struct gathering {
    struct segment *segment; /* owned; NULL: nothing was encoded for this version */
    uint32_t frames;
};

struct member {
    struct session *session; /* borrowed */
    struct place *place;     /* borrowed */
    uint32_t skip_bytes;     /* of what the room has gathered, so much came before the join */
    uint32_t skip_frames;    /* the same in frames */
};

struct shard_room {
    uint64_t id;            /* the hub's */
    const char *key;        /* borrowed from the hub's room, which its members' places pin */
    struct member *members; /* owned array */
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
    list_init(&shard->returning);
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
    struct shard_room *room = shard->recent;

    if (room != NULL && room->id == id) /* each event asks twice, and events come in bursts */
        return room;
    HASH_FIND(hh, shard->rooms, &id, sizeof id, room);
    shard->recent = room;
    return room;
}

static struct shard_room *room_make(struct shard *shard, uint64_t id, const char *key)
{
    struct shard_room *room = mem_alloc(sizeof *room);

    room->id = id;
    room->key = key;
    list_init(&room->gathering);
    HASH_ADD(hh, shard->rooms, id, sizeof room->id, room);
    return room;
}

static void room_free(struct shard *shard, struct shard_room *room)
{
    HASH_DEL(shard->rooms, room);
    shard->recent = NULL;
    list_remove(&room->gathering);
    for (unsigned v = 0; v < PROTO_VERSIONS; v++)
        segment_unref(&room->gathered[v].segment);
    mem_free(room->members);
    mem_free(room);
}

static void add_member(struct shard *shard, struct shard_room *room, struct place *p)
{
    struct session *s = p->session;
    const struct gathering *g;

    if (room == NULL)
        room = room_make(shard, hub_room_id(p->room), hub_room_key(p->room));
    if (room->count == room->capacity) {
        uint32_t capacity = room->capacity != 0 ? room->capacity * 2 : 4;
        struct member *members = mem_alloc(capacity * sizeof *members);

        if (room->count != 0)
            memcpy(members, room->members, room->count * sizeof *members);
        mem_free(room->members);
        room->members = members;
        room->capacity = capacity;
    }
    g = &room->gathered[s->version];
    p->shard_room = room;
    p->index = room->count;
    p->wants_users = s->version == PROTO_V1; /* version 2 has them with `joined` */
    room->members[room->count++] = (struct member){
        .session = s,
        .place = p,
        .skip_bytes = g->segment != NULL ? g->segment->length : 0,
        .skip_frames = g->frames,
    };
    room->listeners[s->version]++;
}

void shard_remove_member(struct place *p)
{
    struct shard_room *room = p->shard_room;

    if (room == NULL)
        return;
    p->shard_room = NULL;
    room->listeners[p->session->version]--;
    room->members[p->index] = room->members[--room->count];
    room->members[p->index].place->index = p->index;
    if (room->count == 0)
        room_free(p->session->shard, room);
}

/* Walks backwards: a session that is closed in the body leaves its place to one that was already
 * visited, and the room goes away with its last member, the last one visited. (Whoever is pushed to
 * last is flushed first, so people are served in the order in which they joined.) */
#define EACH_MEMBER(room, m)                                                                       \
    uint32_t i_ = (room)->count;                                                                   \
    i_ > 0 && ((m) = &(room)->members[i_ - 1], true);                                              \
    i_--

/* Sheds for a slow reader what can be shed: first what is of the moment, then changes of presence. */
static bool is_shed(struct member *m, enum sheddable shed)
{
    const struct ring_limits *limits = &m->session->shard->rules->ring;

    if (shed == OF_THE_MOMENT)
        return ring_is_filled(&m->session->ring, limits, 4);
    if (shed == NEVER || !ring_is_filled(&m->session->ring, limits, 2))
        return false;
    m->place->shed = m->session->has_shed = true;
    return true;
}

/* After a pause nothing of a session or its wire is in the cache, and fetching it is a sixth of what our side of a
 * delivery costs; so it is asked for some members ahead. (What is touched of the wire lies beside the session.) */
static void prefetch(const struct shard_room *room, uint32_t left)
{
    enum { AHEAD = 8 };

    if (left >= AHEAD) {
        const char *session = (const char *)room->members[left - AHEAD].session;

        __builtin_prefetch(session);
        __builtin_prefetch(session + MEM_CACHE_LINE);
    }
}

/* Puts what a room has gathered into its members' rings. The room may be gone afterwards. */
static void room_settle(struct shard_room *room)
{
    struct gathering gathered[PROTO_VERSIONS];
    enum sheddable shed = room->shed;
    struct member *m;

    memcpy(gathered, room->gathered, sizeof gathered);
    memset(room->gathered, 0, sizeof room->gathered);
    list_remove(&room->gathering);
    for (EACH_MEMBER(room, m)) {
        const struct gathering *g = &gathered[m->session->version];
        struct range range = {
            .segment = g->segment,
            .offset = m->skip_bytes,
            .frames = g->frames - m->skip_frames,
        };

        prefetch(room, (uint32_t)(m - room->members));
        m->skip_bytes = m->skip_frames = 0;
        if (range.frames == 0)
            continue;
        range.length = g->segment->length - range.offset;
        if (shed == NEVER || !is_shed(m, shed))
            session_send(m->session, &range);
    }
    for (unsigned v = 0; v < PROTO_VERSIONS; v++)
        segment_unref(&gathered[v].segment);
}

uint32_t shard_settle(struct shard *shard)
{
    uint32_t rooms = 0;

    for (; !list_empty(&shard->gathering); rooms++)
        room_settle(LIST_ENTRY(shard->gathering.next, struct shard_room, gathering));
    shard->gathered = 0;
    arrival_next_turn(shard);
    return rooms;
}

/* Nobody may miss an event and believe to have seen all. */
static void close_all(struct shard_room *room)
{
    struct member *m;

    for (EACH_MEMBER(room, m))
        session_close(m->session, CLOSE_INTERNAL_ERROR, "The server is short of memory.");
}

/* Encodes e into the segments that the room gathers in; false when memory is short. */
static bool gather(struct shard *shard, struct shard_room *room, struct event *e)
{
    for (unsigned v = 0; v < PROTO_VERSIONS; v++) {
        struct gathering *g = &room->gathered[v];
        uint32_t before;

        if (room->listeners[v] == 0 || protos[v]->encode[e->type] == NULL)
            continue;
        if (g->segment == NULL && (g->segment = segment_create(SEGMENT_FIRST)) == NULL)
            return false;
        before = g->segment->length;
        if (protos[v]->encode[e->type](g->segment, e, room->key) != OK)
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

/* Version 1 lives on snapshots, but in a large room only those get one who wait for it; in version 2
 * nobody else does. */
static bool wants_users(const struct member *m, const struct event *e)
{
    return m->place->wants_users ||
           (m->session->version == PROTO_V1 && e->user_count <= USERS_BROADCAST_MAX);
}

static void deliver_users(struct shard_room *room, struct event *e)
{
    struct segment *frames[PROTO_VERSIONS] = {NULL};
    struct member *m;

    for (EACH_MEMBER(room, m)) {
        struct session *s = m->session;
        struct segment **frame = &frames[s->version];

        if (!wants_users(m, e) || is_shed(m, MADE_GOOD_BY_USERS))
            continue;
        if (*frame == NULL && (*frame = segment_create(SEGMENT_FIRST)) != NULL &&
            protos[s->version]->encode[EVENT_USERS](*frame, e, room->key) != OK)
            segment_unref(frame);
        if (*frame == NULL) {
            session_close(s, CLOSE_INTERNAL_ERROR, "The server is short of memory.");
            continue;
        }
        m->place->wants_users = false;
        session_send_large(s, *frame);
    }
    for (unsigned v = 0; v < PROTO_VERSIONS; v++)
        segment_unref(&frames[v]);
}

/* What is gathered together is shed together. */
static void settle_before(struct shard_room *room, const struct event *e)
{
    if (room != NULL && !list_empty(&room->gathering) &&
        (e->type == EVENT_USERS || room->shed != sheddable[e->type] || is_full(room)))
        room_settle(room);
}

static void deliver_to_room(struct shard *shard, struct event *e)
{
    struct shard_room *room = find_room(shard, e->room_id);

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

/* The session is a member from here on; of the person's return nobody else hears. */
static void admit(struct shard *shard, struct session *s, struct event *e)
{
    struct place *p = session_place_by_number(s, e->place);

    if (p == NULL)
        return;
    add_member(shard, find_room(shard, e->room_id), p);
    arrival_complete(p, e);
}

void shard_deliver(struct shard *shard, struct event *e)
{
    struct session *origin = find_session(shard, e->origin);

    settle_before(find_room(shard, e->room_id), e);
    if (origin != NULL && !origin->closing) {
        switch (e->type) {
        case EVENT_JOIN:
            admit(shard, origin, e);
            break;
        case EVENT_ANSWER:
            receipt_of_answer(origin, e);
            break;
        case EVENT_REPLACED:
            session_close(origin, CLOSE_REPLACED, "You have connected again from somewhere else.");
            break;
        default:
            receipt_of_event(origin, e);
        }
    }
    if (e->outcome == OK && !e->is_repeat && !e->is_return && e->type != EVENT_ANSWER &&
        e->type != EVENT_REPLACED)
        deliver_to_room(shard, e);
}
