#include "journal/memory_query.h"

/* seq, but not outside what the room has. */
static uint64_t within(const struct memory_room *room, uint64_t seq)
{
    if (seq < room->oldest)
        return room->oldest;
    return seq <= room->seq ? seq : room->seq + 1;
}

/* Adds what the event is now; false when memory is short. */
static bool add_item(struct query *q, struct memory_slot *slot)
{
    struct event *now = memory_message_now(slot->message, slot->event);

    return now != NULL && query_add_item(q, now, NULL);
}

static bool answer_head(struct memory_rooms *rooms, struct memory_room *room, struct query *q)
{
    (void)rooms;
    (void)room;
    (void)q;
    return true;
}

static bool answer_events(struct memory_rooms *rooms, struct memory_room *room, struct query *q)
{
    size_t bytes = 0;
    uint64_t seq;

    (void)rooms;
    if (room == NULL || q->seq >= room->seq)
        return true;
    q->more = query_wants_too_much(q);
    if (q->more)
        return true;
    for (seq = within(room, q->seq + 1); seq <= room->seq; seq++) {
        if (q->item_count == q->limit)
            break;
        if (!add_item(q, memory_room_at(room, seq)))
            return false;
        if (query_is_over(q, &bytes)) {
            event_unref(&q->items[--q->item_count]);
            break;
        }
    }
    q->more = seq <= room->seq;
    return true;
}

/* ---- pages ---- */

/* Adds the message, if there is one in the slot; false when memory is short, or when the page ends before it, because
 * it has end items already or enough from its item first on: then *more is set. */
static bool add_message(struct query *q, struct memory_slot *slot, size_t first, size_t end,
                        size_t *bytes, bool *more)
{
    if (slot == NULL)
        return true;
    *more = q->item_count == end || query_has_enough(q, first, *bytes);
    if (*more || !add_item(q, slot))
        return false;
    *bytes += event_text_size(q->items[q->item_count - 1]);
    return true;
}

/* Adds at most limit of the messages below seq; false when memory is short. */
static bool add_below(struct query *q, const struct memory_room *room, uint64_t seq, size_t limit)
{
    size_t bytes = 0;
    bool goes_on = true;

    while (goes_on && seq > room->oldest)
        goes_on = add_message(q, memory_room_message(room, --seq), 0, limit, &bytes, &q->more);
    query_reverse(q);
    return goes_on || q->more;
}

/* The same from seq on; *more if there are still others. */
static bool add_above(struct query *q, const struct memory_room *room, uint64_t seq, size_t limit,
                      bool *more)
{
    size_t first = q->item_count, bytes = 0;
    bool goes_on = true;

    for (; goes_on && seq <= room->seq; seq++)
        goes_on =
            add_message(q, memory_room_message(room, seq), first, first + limit, &bytes, more);
    return goes_on || *more;
}

static bool answer_page(struct memory_rooms *rooms, struct memory_room *room, struct query *q)
{
    uint64_t end, middle;
    size_t above = q->limit / 2;
    bool ignored = false;

    (void)rooms;
    if (room == NULL)
        return true;
    end = room->seq + 1;
    middle = q->seq < room->seq ? within(room, q->seq + 1) : end;
    switch (q->where) {
    case PAGE_AFTER:
        return add_above(q, room, middle, q->limit, &q->more);
    case PAGE_BEFORE:
        return add_below(q, room, within(room, q->seq), q->limit);
    case PAGE_AROUND:
        return add_below(q, room, middle, q->limit - above) &&
               add_above(q, room, middle, above, &ignored);
    default:
        return add_below(q, room, end, q->limit);
    }
}

/* ---- rooms ---- */

static bool answer_rooms(struct memory_rooms *rooms, struct memory_room *room, struct query *q)
{
    (void)room;
    LIST_EACH(&rooms->by_use, at, after)
    {
        const struct memory_room *it = LIST_ENTRY(at, struct memory_room, link);

        if (q->info_count == q->limit) {
            q->more = true;
            break;
        }
        if (!query_add_info(q, it->key, "", it->seq, it->ts))
            return false;
    }
    return true;
}

/* room: the first that the query names; NULL if it has no events. False when memory is short. */
static bool (*const answers[QUERY_KINDS])(struct memory_rooms *rooms, struct memory_room *room,
                                          struct query *q) = {
    [QUERY_HEAD] = answer_head,   [QUERY_EVENTS] = answer_events, [QUERY_PAGE] = answer_page,
    [QUERY_SEARCH] = answer_head, [QUERY_ROOMS] = answer_rooms,
};

void memory_query_answer(struct memory_rooms *rooms, struct query *q, uint64_t now_wall_ms)
{
    struct memory_room *room = NULL;

    pthread_mutex_lock(&rooms->lock);
    memory_rooms_age_locked(rooms, now_wall_ms);
    if (q->room_count != 0) {
        room = memory_rooms_find_locked(rooms, q->rooms[0]);
        q->head = memory_rooms_head_locked(rooms, room);
    }
    q->outcome = answers[q->kind](rooms, room, q) ? OK : ERR_UNAVAILABLE;
    pthread_mutex_unlock(&rooms->lock);
    if (q->kind == QUERY_SEARCH)
        memory_search(rooms, q);
}
