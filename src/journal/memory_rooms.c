#include "journal/memory_rooms.h"
#include "base/mem.h"

#include <string.h>

enum { AGE_INTERVAL_MS = 1000 };

void memory_rooms_init(struct memory_rooms *rooms, const struct memory_limits *limits,
                       uint64_t epoch)
{
    *rooms = (struct memory_rooms){.limits = *limits, .epoch = epoch};
    pthread_mutex_init(&rooms->lock, NULL);
    list_init(&rooms->by_use);
}

static void drop(struct memory_rooms *rooms, struct memory_room *room)
{
    if (room->seq > rooms->dropped_seq)
        rooms->dropped_seq = room->seq;
    if (room->ts > rooms->dropped_ts)
        rooms->dropped_ts = room->ts;
    rooms->bytes -= room->bytes;
    HASH_DEL(rooms->by_key, room);
    list_remove(&room->link);
    memory_room_free(room);
}

void memory_rooms_destroy(struct memory_rooms *rooms)
{
    LIST_EACH(&rooms->by_use, at, after)
    {
        drop(rooms, LIST_ENTRY(at, struct memory_room, link));
    }
    pthread_mutex_destroy(&rooms->lock);
}

static void drop_oldest(struct memory_rooms *rooms, struct memory_room *room)
{
    uint64_t before = room->bytes;

    memory_room_drop_oldest(room);
    rooms->bytes -= before - room->bytes;
}

void memory_rooms_age_locked(struct memory_rooms *rooms, uint64_t now_wall_ms)
{
    uint64_t max_age_ms = rooms->limits.max_age_ms, since_ms = now_wall_ms - rooms->aged_ms;

    if (max_age_ms == 0 || now_wall_ms < max_age_ms ||
        (now_wall_ms >= rooms->aged_ms && since_ms < AGE_INTERVAL_MS))
        return;
    rooms->aged_ms = now_wall_ms;
    LIST_EACH(&rooms->by_use, at, after)
    {
        struct memory_room *room = LIST_ENTRY(at, struct memory_room, link);

        while (room->oldest <= room->seq &&
               memory_room_at(room, room->oldest)->event->ts < now_wall_ms - max_age_ms)
            drop_oldest(rooms, room);
    }
}

struct memory_room *memory_rooms_find_locked(const struct memory_rooms *rooms, const char *key)
{
    struct memory_room *room;

    HASH_FIND(hh, rooms->by_key, key, strlen(key), room);
    return room;
}

struct memory_room *memory_rooms_make_locked(struct memory_rooms *rooms, const char *key)
{
    struct memory_room *room;

    if (HASH_COUNT(rooms->by_key) >= rooms->limits.rooms)
        drop(rooms, LIST_ENTRY(rooms->by_use.prev, struct memory_room, link));
    room = memory_room_make(key, rooms->epoch, ++rooms->numbers, rooms->dropped_seq,
                            rooms->dropped_ts, rooms->limits.events);
    HASH_ADD_KEYPTR(hh, rooms->by_key, room->key, strlen(room->key), room);
    list_prepend(&rooms->by_use, &room->link);
    return room;
}

static bool is_too_much(const struct memory_rooms *rooms)
{
    return rooms->limits.bytes != 0 && rooms->bytes > rooms->limits.bytes;
}

void memory_rooms_grown_locked(struct memory_rooms *rooms, struct memory_room *room,
                               uint64_t bytes_before)
{
    if (rooms->by_use.next != &room->link) {
        list_remove(&room->link);
        list_prepend(&rooms->by_use, &room->link);
    }
    rooms->bytes += room->bytes - bytes_before;
    while (is_too_much(rooms) && rooms->by_use.prev != &room->link)
        drop(rooms, LIST_ENTRY(rooms->by_use.prev, struct memory_room, link));
    while (is_too_much(rooms) && room->oldest < room->seq)
        drop_oldest(rooms, room);
}

struct journal_head memory_rooms_head_locked(const struct memory_rooms *rooms,
                                             const struct memory_room *room)
{
    if (room == NULL) /* what its next event would follow: no older seq is known to be complete */
        return (struct journal_head){.seq = rooms->dropped_seq, .oldest = rooms->dropped_seq + 1};
    return (struct journal_head){room->number, room->seq, room->ts, room->oldest};
}
