#include "journal/memory_query.h"
#include "base/mem.h"
#include "journal/words.h"

#include <string.h>

/* A search looks at so much text at most: it holds up the worker whose session asked. A byte of ASCII costs
 * one; of other text, which is far slower to fold, EFFORT_OTHER; each message EFFORT_MESSAGE. */
enum { EFFORT_MAX = 4 << 20, EFFORT_OTHER = 16, EFFORT_MESSAGE = 256 };

/* Where the search is in one room. */
struct place {
    char *key;       /* owned */
    uint64_t number; /* of the room; if it has another one by now, the old one is gone */
    uint64_t next;   /* the seq below which to go on */
    struct event
        *event; /* owned; the newest message that was not looked at; NULL: the room is done */
};

struct search {
    struct memory_rooms *rooms; /* borrowed */
    struct place *places;       /* owned */
    size_t place_count;
    const struct event *bound; /* borrowed, under the lock alone; NULL: look at all messages */
};

/* By time, then place in the room, then room: an edit's id is its message's, but has the same room. */
static bool is_older(const struct event *a, const struct event *b)
{
    if (a->ts != b->ts)
        return a->ts < b->ts;
    if (a->seq != b->seq)
        return a->seq < b->seq;
    return a->id.room < b->id.room;
}

/* Goes on to the next message of the room that may be an answer. False when memory is short. */
static bool step_locked(struct search *s, struct place *p)
{
    const struct memory_room *room = memory_rooms_find_locked(s->rooms, p->key);

    event_unref(&p->event);
    if (room == NULL || room->number != p->number)
        return true;
    while (p->event == NULL && p->next > room->oldest) {
        struct memory_slot *slot = memory_room_message(room, --p->next);

        if (slot == NULL || memory_message_is_deleted(slot->message))
            continue;
        p->event = memory_message_now(slot->message, slot->event);
        if (p->event == NULL)
            return false;
    }
    return true;
}

/* The seq below which the room's events are older than the bound. */
static uint64_t first_within(const struct search *s, const struct memory_room *room)
{
    uint64_t low = room->oldest, high = room->seq + 1;

    while (s->bound != NULL && low < high) {
        uint64_t middle = low + (high - low) / 2;

        if (is_older(memory_room_at(room, middle)->event, s->bound))
            low = middle + 1;
        else
            high = middle;
    }
    return high;
}

static bool add_place_locked(struct search *s, const struct memory_room *room)
{
    struct place *p = &s->places[s->place_count++];

    *p = (struct place){.key = mem_strdup(room->key),
                        .number = room->number,
                        .next = first_within(s, room)};
    return step_locked(s, p);
}

/* The message that the answer before this one ended with. False if it is not there any more: then nothing
 * is known to be older. */
static bool find_bound_locked(struct search *s, const struct message_id *before)
{
    if (before->epoch != s->rooms->epoch)
        return false;
    LIST_EACH(&s->rooms->by_use, at, after)
    {
        const struct memory_room *room = LIST_ENTRY(at, struct memory_room, link);
        const struct memory_slot *slot = memory_room_message(room, before->seq);

        if (room->number != before->room || slot == NULL)
            continue;
        s->bound = slot->event;
        return true;
    }
    return false;
}

/* The rooms that are named, or all. False when memory is short. */
static bool start_locked(struct search *s, const struct query *q)
{
    size_t count = q->room_count != 0 ? q->room_count : HASH_COUNT(s->rooms->by_key);
    bool is_well = true;

    if (q->before.epoch != 0 && !find_bound_locked(s, &q->before))
        return true;
    s->places = mem_try((count + 1) * sizeof *s->places);
    if (s->places == NULL)
        return false;
    if (q->room_count == 0) {
        LIST_EACH(&s->rooms->by_use, at, after)
        {
            is_well = is_well && add_place_locked(s, LIST_ENTRY(at, struct memory_room, link));
        }
        return is_well;
    }
    for (size_t i = 0; i < q->room_count && is_well; i++) {
        const struct memory_room *room = memory_rooms_find_locked(s->rooms, q->rooms[i]);

        if (room != NULL)
            is_well = add_place_locked(s, room);
    }
    return is_well;
}

static struct place *newest(struct search *s)
{
    struct place *best = NULL;

    for (size_t i = 0; i < s->place_count; i++) {
        struct place *p = &s->places[i];

        if (p->event != NULL && (best == NULL || is_older(best->event, p->event)))
            best = p;
    }
    return best;
}

static size_t effort_of(const struct search *s, const struct event *e)
{
    size_t each = 1;

    for (size_t i = 0; i < e->body_length && each == 1; i++)
        if ((unsigned char)e->body[i] >= 0x80)
            each = EFFORT_OTHER;
    return EFFORT_MESSAGE + s->place_count + each * e->body_length;
}

/* From the newest message to the oldest, over all rooms. False when memory is short. */
static bool look(struct search *s, const struct words *words, struct query *q)
{
    size_t effort = 0;
    struct place *p;
    bool is_well = true;

    while (is_well && (p = newest(s)) != NULL) {
        effort += effort_of(s, p->event);
        if (words_match(words, p->event->body, p->event->body_length)) {
            q->more = q->item_count == q->limit;
            if (q->more || !query_add_item(q, event_ref(p->event), p->key))
                return q->more;
        }
        if (effort > EFFORT_MAX) {
            q->more = true;
            break;
        }
        pthread_mutex_lock(&s->rooms->lock);
        is_well = step_locked(s, p);
        pthread_mutex_unlock(&s->rooms->lock);
    }
    return is_well;
}

void memory_search(struct memory_rooms *rooms, struct query *q)
{
    struct search s = {.rooms = rooms};
    struct words *words = words_make(q->text != NULL ? q->text : "");
    bool is_well = true;

    if (!words_empty(words)) {
        pthread_mutex_lock(&rooms->lock);
        is_well = start_locked(&s, q);
        pthread_mutex_unlock(&rooms->lock);
        is_well = is_well && look(&s, words, q);
    }
    if (!is_well)
        q->outcome = ERR_UNAVAILABLE;
    for (size_t i = 0; i < s.place_count; i++) {
        event_unref(&s.places[i].event);
        mem_free(s.places[i].key);
    }
    mem_free(s.places);
    words_free(words);
}
