/* hub_people - who is in a room: joining, leaving, names that are held, snapshots. */
#include "base/mem.h"
#include "core/hub_state.h"
#include "core/name.h"

#include <string.h>

enum { NAME_BYTES = 12 /* of a person in a list of people, about */ };

static struct roster_entry *find(struct hub_room *room, const struct username *user)
{
    struct roster_entry *entry;

    HASH_FIND(hh, room->roster, user->key, user->key_length, entry);
    return entry;
}

/* ---- snapshots ---- */

static bool copy_users_locked(const struct hub_room *room, struct event *e, size_t limit)
{
    size_t count = HASH_COUNT(room->roster);

    if (count > limit)
        count = limit;
    if (!event_reserve_users(e, count))
        return false;
    for (struct roster_entry *entry = room->roster; entry != NULL && e->user_count < count;
         entry = entry->hh.next)
        e->users[e->user_count++] = username_ref(entry->user);
    e->people = HASH_COUNT(room->roster);
    return true;
}

static struct event *users_event_locked(struct hub_room *room)
{
    struct event *e = event_make(EVENT_USERS, NULL);

    if (e != NULL && !copy_users_locked(room, e, SIZE_MAX))
        event_unref(&e);
    return e;
}

static void post_users_locked(struct hub *h, struct hub_room *room, uint64_t now_mono_ms)
{
    struct event *e = users_event_locked(room);

    list_remove(&room->due);
    if (e == NULL)
        return; /* still wanted: the next change of the room's people tries again */
    hub_post_locked(h, room, e);
    event_unref(&e);
    room->users_sent_ms = now_mono_ms; /* not before the last one: see users_changed_locked */
    room->users_wanted = false;
}

/* The first change after a quiet time is told at once, those that follow it together. */
static void users_changed_locked(struct hub *h, struct hub_room *room, uint64_t now_mono_ms)
{
    if (HASH_COUNT(room->roster) > USERS_BROADCAST_MAX && !room->users_wanted)
        return;
    if (now_mono_ms >= room->users_sent_ms + USERS_INTERVAL_MS)
        post_users_locked(h, room, now_mono_ms);
    else if (list_empty(&room->due))
        list_append(&h->due, &room->due);
    atomic_store(&h->has_due, !list_empty(&h->due));
}

void hub_want_users(struct hub *h, struct hub_room *room, uint64_t now_mono_ms)
{
    pthread_mutex_lock(&h->lock);
    room->users_wanted = true;
    users_changed_locked(h, room, now_mono_ms);
    hub_unlock_and_wake(h);
}

struct event *hub_users(struct hub *h, struct hub_room *room)
{
    struct event *e;

    pthread_mutex_lock(&h->lock);
    e = users_event_locked(room);
    pthread_mutex_unlock(&h->lock);
    return e;
}

uint32_t hub_count_people(struct hub *h, const char *room_key)
{
    struct hub_room *room;
    uint32_t count;

    pthread_mutex_lock(&h->lock);
    HASH_FIND(hh, h->rooms, room_key, strlen(room_key), room);
    count = room != NULL ? HASH_COUNT(room->roster) : 0;
    pthread_mutex_unlock(&h->lock);
    return count;
}

/* ---- names that are held ---- */

static void held_changed_locked(struct hub *h)
{
    atomic_store(&h->held_due_ms,
                 list_empty(&h->held)
                     ? 0
                     : LIST_ENTRY(h->held.next, struct roster_entry, held)->held_until_ms);
}

static void hold_locked(struct hub *h, struct roster_entry *entry, uint64_t now_mono_ms)
{
    entry->session = (struct session_id){0};
    entry->held_until_ms = now_mono_ms + h->hold_ms;
    list_append(&h->held, &entry->held);
    held_changed_locked(h);
}

static void remove_locked(struct hub *h, struct roster_entry *entry)
{
    HASH_DEL(entry->room->roster, entry);
    list_remove(&entry->held);
    held_changed_locked(h);
    username_unref(&entry->user);
    mem_free(entry->key);
    mem_free(entry);
}

/* ---- leaving, at once ---- */

static void tell_leave_locked(struct hub *h, struct hub_room *room, struct username *user,
                              enum leave_reason reason, struct moment now)
{
    struct event *left = event_make(EVENT_LEAVE, user);

    if (left != NULL) {
        left->ts = hub_stamp_locked(room, now.wall_ms);
        left->reason = reason;
        left->people = HASH_COUNT(room->roster);
        hub_post_locked(h, room, left);
    } else {
        room->users_wanted = true; /* no memory to tell of it; a snapshot will */
    }
    event_unref(&left);
    users_changed_locked(h, room, now.mono_ms);
}

static void leave_locked(struct hub *h, struct roster_entry *entry, enum leave_reason reason,
                         struct moment now)
{
    struct hub_room *room = entry->room;
    struct username *user = username_ref(entry->user);

    remove_locked(h, entry);
    if (room->roster != NULL && !atomic_load(&h->stopping))
        tell_leave_locked(h, room, user, reason, now);
    username_unref(&user);
}

/* ---- what is too old ---- */

/* Many rooms are looked at together, so that they do not wake the workers one by one. */
static void look_later_locked(struct hub *h, struct hub_room *room, uint64_t now_mono_ms)
{
    enum { TOGETHER_MS = 1000 };

    room->look_ms = (now_mono_ms + TAIL_LOOK_MS) / TOGETHER_MS * TOGETHER_MS;
    list_append(&h->ageing, &room->ageing);
}

static void ageing_changed_locked(struct hub *h)
{
    atomic_store(&h->look_due_ms,
                 list_empty(&h->ageing)
                     ? 0
                     : LIST_ENTRY(h->ageing.next, struct hub_room, ageing)->look_ms);
}

/* A tail gets too old without anything being said, so it is looked at for as long as the room exists. */
static void begin_ageing_locked(struct hub *h, struct hub_room *room, uint64_t now_mono_ms)
{
    if (h->limits.max_age_ms == 0 || !list_empty(&room->ageing))
        return;
    look_later_locked(h, room, now_mono_ms);
    ageing_changed_locked(h);
}

/* Not all of very many rooms at once: what is left is due at once. */
static void cut_tails_locked(struct hub *h, struct moment now)
{
    enum { ROOMS_A_TICK = 1000 };

    for (int i = 0; i < ROOMS_A_TICK && !list_empty(&h->ageing); i++) {
        struct hub_room *room = LIST_ENTRY(h->ageing.next, struct hub_room, ageing);

        if (room->look_ms > now.mono_ms)
            break;
        tail_cut(&room->tail, &h->limits, now.wall_ms);
        list_remove(&room->ageing);
        look_later_locked(h, room, now.mono_ms);
    }
    ageing_changed_locked(h);
}

/* ---- joining ---- */

static bool is_key_right(const struct roster_entry *entry, const char *key)
{
    unsigned difference = 0;

    if (entry->key == NULL || key == NULL || strlen(key) != strlen(entry->key))
        return false;
    for (size_t i = 0; key[i] != '\0'; i++) /* all of it, so that the time tells nothing */
        difference |= (unsigned)(entry->key[i] ^ key[i]);
    return difference == 0;
}

static struct event *join_event(const struct joining *joining)
{
    struct event *e = event_make(EVENT_JOIN, joining->user);

    if (e != NULL) {
        e->origin = joining->session;
        e->place = joining->place;
    }
    return e;
}

static enum err copy_missed_locked(const struct hub *h, struct hub_room *room,
                                   const struct joining *joining, uint64_t now_wall_ms,
                                   struct event *e, size_t *bytes)
{
    size_t count;

    tail_cut(&room->tail, &h->limits, now_wall_ms);
    if (joining->since > room->head.seq ||
        !tail_reaches(&room->tail, joining->since, room->head.seq))
        return ERR_NOT_FOUND;
    count = (size_t)(room->head.seq - joining->since);
    if (count == 0)
        return OK;
    e->missed = mem_try(count * sizeof(struct event *));
    if (e->missed == NULL)
        return ERR_NOMEM;
    tail_copy(&room->tail, e->missed, count);
    e->missed_count = count;
    for (size_t i = 0; i < count; i++)
        *bytes += e->missed[i]->body_length;
    return *bytes <= joining->missed_max ? OK : ERR_NOT_FOUND;
}

static bool is_same_session(struct session_id a, struct session_id b)
{
    return a.worker == b.worker && a.slot == b.slot && a.generation == b.generation;
}

/* The person comes back, from a connection that is dead or that it does not want any more, or once more on
 * the same one, because it has missed something. */
static void take_over_locked(struct hub *h, struct roster_entry *entry,
                             const struct joining *joining)
{
    struct event *replaced;

    if (entry->session.generation != 0 && !is_same_session(entry->session, joining->session) &&
        (replaced = event_make(EVENT_REPLACED, NULL)) != NULL) {
        replaced->origin = entry->session;
        hub_post_to_locked(h, entry->session.worker, replaced);
        event_unref(&replaced);
    }
    list_remove(&entry->held);
    held_changed_locked(h);
    entry->leaves_after = 0;
    entry->session = joining->session;
    entry->place = joining->place;
}

static void enter_locked(struct hub_room *room, const struct joining *joining)
{
    struct roster_entry *entry = mem_alloc(sizeof *entry);

    entry->user = username_ref(joining->user);
    entry->session = joining->session;
    entry->place = joining->place;
    entry->key = joining->key != NULL ? mem_strdup(joining->key) : NULL;
    entry->room = room;
    list_init(&entry->held);
    HASH_ADD_KEYPTR(hh, room->roster, entry->user->key, entry->user->key_length, entry);
}

enum err hub_join(struct hub *h, struct hub_room *room, const struct joining *joining,
                  struct moment now, struct joined_at *at)
{
    struct event *joined = join_event(joining);
    struct roster_entry *entry;
    enum err e = OK;

    if (joined == NULL)
        return ERR_NOMEM;
    pthread_mutex_lock(&h->lock);
    joined->seq = room->head.seq;
    joined->ts = hub_stamp_locked(room, now.wall_ms);
    *at = (struct joined_at){.newest = room->head.seq};
    entry = find(room, joining->user);
    if (entry != NULL && entry->leaves_after != 0 && !is_key_right(entry, joining->key)) {
        leave_locked(h, entry, entry->reason,
                     now); /* nobody is kept out by a name that is given up */
        entry = NULL;
    }
    if (entry != NULL && !is_key_right(entry, joining->key))
        e = ERR_TAKEN;
    else if (joining->has_since)
        e = copy_missed_locked(h, room, joining, now.wall_ms, joined, &at->bytes);
    if (e != OK)
        goto out;
    joined->is_return = entry != NULL;
    if (entry != NULL)
        take_over_locked(h, entry, joining);
    else
        enter_locked(room, joining);
    joined->people = HASH_COUNT(room->roster);
    if (joining->tells_people && !copy_users_locked(room, joined, USERS_JOINED_MAX))
        joined->user_count = 0; /* told by count alone; the client asks */
    at->bytes += joined->user_count * NAME_BYTES;
    room->members_on[joining->session.worker]++;
    room->pins++;
    begin_ageing_locked(h, room, now.mono_ms);
    joined->room_id = room->id;
    if (joined->is_return) {
        hub_post_to_locked(h, joining->session.worker, joined);
    } else {
        hub_post_locked(h, room, joined);
        room->users_wanted = room->users_wanted || !joining->tells_people;
        users_changed_locked(h, room, now.mono_ms);
    }
out:
    hub_unlock_and_wake(h);
    event_unref(&joined);
    return e;
}

/* ---- leaving ---- */

/* What somebody said last comes before the news that they left; while the journal has it, the name waits. Unless
 * somebody else wants it meanwhile: nobody waits for the journal to get a name that is given up (hub_join), so
 * then the leave comes first. */
static void leave_after_last_words_locked(struct hub *h, struct roster_entry *entry,
                                          enum leave_reason reason, struct moment now)
{
    struct hub_room *room = entry->room;

    if (room->settled == room->published) {
        leave_locked(h, entry, reason, now);
        return;
    }
    entry->session = (struct session_id){0};
    entry->reason = reason;
    entry->left_at = now;
    entry->leaves_after = room->published;
    list_append(&room->leaving, &entry->held);
}

void hub_end_leaving_locked(struct hub *h, struct hub_room *room)
{
    while (!list_empty(&room->leaving)) {
        struct roster_entry *entry = LIST_ENTRY(room->leaving.next, struct roster_entry, held);

        if (entry->leaves_after > room->settled)
            return;
        leave_locked(h, entry, entry->reason, entry->left_at);
    }
}

void hub_leave(struct hub *h, struct hub_room *room, const struct joining *joining,
               enum leave_reason reason, struct moment now)
{
    struct roster_entry *entry;

    pthread_mutex_lock(&h->lock);
    room->members_on[joining->session.worker]--;
    room->pins--;
    entry = find(room, joining->user);
    if (entry != NULL && is_same_session(entry->session, joining->session) &&
        entry->place == joining->place) {
        if (reason != LEAVE_QUIT && entry->key != NULL && h->hold_ms != 0 &&
            !atomic_load(&h->stopping))
            hold_locked(h, entry, now.mono_ms);
        else
            leave_after_last_words_locked(h, entry, reason, now);
    }
    hub_drop_room_locked(h, room);
    hub_unlock_and_wake(h);
}

/* ---- time ---- */

bool hub_has_due(const struct hub *h)
{
    return atomic_load_explicit(&h->has_due, memory_order_relaxed);
}

uint64_t hub_due(const struct hub *h)
{
    uint64_t held = atomic_load_explicit(&h->held_due_ms, memory_order_relaxed);
    uint64_t look = atomic_load_explicit(&h->look_due_ms, memory_order_relaxed);

    return held != 0 && (look == 0 || held < look) ? held : look;
}

static void end_held_locked(struct hub *h, struct moment now)
{
    while (!list_empty(&h->held)) {
        struct roster_entry *entry = LIST_ENTRY(h->held.next, struct roster_entry, held);
        struct hub_room *room = entry->room;

        if (entry->held_until_ms > now.mono_ms)
            break;
        leave_locked(h, entry, LEAVE_TIMEOUT, now);
        hub_drop_room_locked(h, room);
    }
}

void hub_tick(struct hub *h, struct moment now)
{
    pthread_mutex_lock(&h->lock);
    end_held_locked(h, now);
    cut_tails_locked(h, now);
    LIST_EACH(&h->due, pos, after)
    {
        struct hub_room *room = LIST_ENTRY(pos, struct hub_room, due);

        if (now.mono_ms >= room->users_sent_ms + USERS_INTERVAL_MS)
            post_users_locked(h, room, now.mono_ms);
    }
    atomic_store(&h->has_due, !list_empty(&h->due));
    hub_unlock_and_wake(h);
}
