#include "core/tail.h"
#include "base/mem.h"
#include "core/event.h"

static void drop_oldest(struct tail *t)
{
    t->bytes -= t->events[t->head]->body_length;
    event_unref(&t->events[t->head]);
    t->head = (t->head + 1) & (t->capacity - 1);
    t->count--;
}

static bool follows(const struct tail *t, const struct event *e)
{
    return t->events[(t->head + t->count - 1) & (t->capacity - 1)]->seq + 1 == e->seq;
}

static bool grow(struct tail *t)
{
    uint32_t capacity = t->capacity != 0 ? t->capacity * 2 : 8;
    struct event **wider = mem_try(capacity * sizeof(struct event *));

    if (wider == NULL)
        return false;
    for (uint32_t i = 0; i < t->count; i++)
        wider[i] = t->events[(t->head + i) & (t->capacity - 1)];
    mem_free(t->events);
    t->events = wider;
    t->capacity = capacity;
    t->head = 0;
    return true;
}

void tail_push(struct tail *t, struct event *e)
{
    if (t->count != 0 && !follows(t, e)) /* the journal began the room's log anew */
        tail_clear(t);
    while (t->count != 0 &&
           (t->count == TAIL_EVENTS || t->bytes + e->body_length > (size_t)TAIL_BYTES))
        drop_oldest(t);
    if (t->count == t->capacity && !grow(t)) {
        tail_clear(t);
        return;
    }
    t->events[(t->head + t->count++) & (t->capacity - 1)] = event_ref(e);
    t->bytes += e->body_length;
}

void tail_forget(struct tail *t, uint64_t message_seq)
{
    uint32_t to_drop = 0;

    for (uint32_t i = 0; i < t->count; i++) {
        const struct event *e = t->events[(t->head + i) & (t->capacity - 1)];

        if (e->id.seq == message_seq && (e->type == EVENT_MESSAGE || e->type == EVENT_EDIT))
            to_drop = i + 1;
    }
    while (to_drop-- > 0)
        drop_oldest(t);
}

static bool is_over(const struct tail *t, const struct tail_limits *limits, uint64_t now_wall_ms)
{
    if (limits->max_events != 0 && t->count > limits->max_events)
        return true;
    return limits->max_age_ms != 0 && now_wall_ms > limits->max_age_ms &&
           t->events[t->head]->ts < now_wall_ms - limits->max_age_ms;
}

void tail_cut(struct tail *t, const struct tail_limits *limits, uint64_t now_wall_ms)
{
    while (t->count != 0 && is_over(t, limits, now_wall_ms))
        drop_oldest(t);
    if (t->count == 0)
        tail_clear(t);
}

bool tail_reaches(const struct tail *t, uint64_t seq, uint64_t newest)
{
    return seq == newest || (seq < newest && newest - seq <= t->count);
}

void tail_copy(const struct tail *t, struct event **out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = event_ref(t->events[(t->head + t->count - n + i) & (t->capacity - 1)]);
}

void tail_clear(struct tail *t)
{
    while (t->count != 0)
        drop_oldest(t);
    mem_free(t->events);
    *t = (struct tail){0};
}
