#include "journal/sqlite_append.h"
#include "core/name.h"
#include "journal/sqlite_index.h"

#include <stdio.h>
#include <string.h>

/* These numbers are in files. */
_Static_assert(EVENT_MESSAGE == 0 && EVENT_EDIT == 1 && EVENT_DELETE == 2 && EVENT_REACT == 3,
               "the stored types");

enum {
    INDEX_EVENTS =
        512, /* so many that the index is behind are worth a visit, which takes some milliseconds */
    INDEX_EVENTS_MAX = 16384, /* in a transaction */
};

/* ---- transactions ---- */

int append_begin(struct appender *a)
{
    bool has_changed;
    int rc = store_begin(a->store, &has_changed);

    if (rc != SQLITE_OK || !has_changed)
        return rc;
    cache_clear(&a->cache);
    rc = index_debt(a->store, &a->unindexed);
    if (rc != SQLITE_OK)
        append_rollback(a);
    return rc;
}

/* unindexed: what is known of it afterwards. */
static int commit(struct appender *a, int64_t unindexed)
{
    int rc = cache_flush(&a->cache, a->store);

    if (rc == SQLITE_OK)
        rc = index_outcome(store_commit(a->store)); /* FTS5 writes its tables only now */
    if (rc != SQLITE_OK) {
        append_rollback(a);
        return rc;
    }
    a->unindexed = unindexed;
    cache_trim(&a->cache);
    return rc;
}

int append_commit(struct appender *a)
{
    return commit(a, a->unindexed);
}

bool append_index_is_due(const struct appender *a)
{
    return a->unindexed >= INDEX_EVENTS;
}

int append_index(struct appender *a)
{
    int64_t unindexed = 0;
    int rc;

    do {
        rc = append_begin(a);
        if (rc != SQLITE_OK)
            return rc;
        rc = index_catch_up(a->store, INDEX_EVENTS_MAX, &unindexed);
        if (rc == SQLITE_OK)
            rc = commit(a, unindexed);
        else
            append_rollback(a);
    } while (rc == SQLITE_OK && unindexed > 0);
    return rc;
}

static int make_index(struct appender *a, int (*make)(struct store *))
{
    int rc = append_begin(a);

    if (rc != SQLITE_OK)
        return rc;
    rc = make(a->store);
    if (rc == SQLITE_OK)
        return append_commit(a);
    append_rollback(a);
    return rc;
}

int append_index_anew(struct appender *a)
{
    bool is_damaged = index_is_damaged(a->store);

    return make_index(a, is_damaged ? index_replace : index_rebuild);
}

void append_rollback(struct appender *a)
{
    cache_clear(&a->cache);
    store_rollback(a->store);
}

void append_end(struct appender *a)
{
    cache_clear(&a->cache);
}

/* ---- the same again ---- */

enum { CID_HASH_BITS = 48 /* SQLite stores those, of either sign, in six bytes */ };

/* The index's short form of who sent what where; 0, which is stored as NULL: there is no cid. */
static int64_t hash_cid(const struct store *s, const struct cached_room *room,
                        const struct event *e)
{
    char bytes[512];
    int length;
    int64_t hash;

    if (e->cid == NULL)
        return 0;
    /* What does not fit can only make two hashes equal. */
    length = snprintf(bytes, sizeof bytes, "%lld %s %s", (long long)room->id, e->cid, e->user->key);
    if (length > (int)sizeof bytes - 1)
        length = sizeof bytes - 1;
    hash = (int64_t)(hash_keyed(s->cid_key, bytes, (size_t)length) >> (64 - CID_HASH_BITS)) -
           ((int64_t)1 << (CID_HASH_BITS - 1));
    return hash != 0 ? hash : 1;
}

static void set_id(const struct appender *a, struct event *e, int64_t room, uint64_t seq)
{
    e->id = (struct message_id){.epoch = a->store->epoch, .room = (uint64_t)room, .seq = seq};
}

static void set_repeat(struct event *e, uint64_t seq, uint64_t ts)
{
    e->is_repeat = true;
    e->seq = seq;
    e->ts = ts;
}

static int find_repeat(struct appender *a, const struct cached_room *room, struct event *e)
{
    sqlite3_stmt *row;
    int rc = store_step(a->store, &row, SQL_CID_FIND, "itit", hash_cid(a->store, room, e), e->cid,
                        room->id, e->user->key);

    if (rc != SQLITE_ROW)
        return rc;
    set_repeat(e, (uint64_t)sqlite3_column_int64(row, 0), (uint64_t)sqlite3_column_int64(row, 1));
    set_id(a, e, room->id,
           sqlite3_column_int(row, 2) == EVENT_MESSAGE ? e->seq
                                                       : (uint64_t)sqlite3_column_int64(row, 3));
    sqlite3_reset(row);
    return SQLITE_OK;
}

/* ---- a place in the log ---- */

/* Makes it the room's next event. */
static int add_event(struct appender *a, struct cached_room *room, struct event *e)
{
    const struct message_state *state = e->state;
    bool is_message = e->type == EVENT_MESSAGE, is_deleted = state != NULL && state->is_deleted;
    struct cached_user *user;
    int64_t n = 0;
    int rc = cache_user(&a->cache, a->store, e->user->text, e->user->key, true, &user);

    if (rc != SQLITE_OK)
        return rc;
    rc = cache_number(&a->cache, a->store, &n);
    if (rc != SQLITE_OK)
        return rc;
    e->ts = e->ts > room->ts ? e->ts : room->ts;
    e->seq = room->seq + 1;
    rc = store_run(a->store, SQL_EVENT_ADD, "iiiiiiobtoio", n, room->id, (int64_t)e->seq,
                   (int64_t)e->type, (int64_t)e->ts, user->id,
                   (int64_t)(is_message ? e->reply_to : e->id.seq), e->body, e->body_length, e->cid,
                   hash_cid(a->store, room, e), (int64_t)(is_message ? is_deleted : e->on),
                   (int64_t)(state != NULL ? state->edited_ts : 0));
    if (rc != SQLITE_OK)
        return rc;
    a->unindexed++;
    room->seq = e->seq;
    room->ts = e->ts;
    cache_mark_dirty(&a->cache, room);
    return SQLITE_OK;
}

/* ---- what is done to a message ---- */

struct target {
    sqlite3_stmt *row; /* open, for body; NULL: there is no such message */
    int64_t n;
    const char *body; /* borrowed from row */
    size_t body_length;
    bool is_deleted, is_own;
    uint64_t ts;
};

static int find_target(struct appender *a, const struct cached_room *room, uint64_t seq,
                       const char *person, struct target *t)
{
    int rc = store_step(a->store, &t->row, SQL_MESSAGE_FIND, "ii", room->id, (int64_t)seq);

    if (rc != SQLITE_ROW)
        return rc;
    t->n = sqlite3_column_int64(t->row, FOUND_N);
    t->body = (const char *)sqlite3_column_text(t->row, FOUND_BODY);
    t->body_length = (size_t)sqlite3_column_bytes(t->row, FOUND_BODY);
    t->is_deleted = sqlite3_column_int(t->row, FOUND_FLAG) != 0;
    t->is_own = strcmp((const char *)sqlite3_column_text(t->row, FOUND_KEY), person) == 0;
    t->ts = (uint64_t)sqlite3_column_int64(t->row, FOUND_TS);
    return t->body != NULL ? SQLITE_OK : SQLITE_NOMEM;
}

static int do_edit(struct appender *a, struct cached_room *room, struct event *e,
                   const struct target *t)
{
    int rc = add_event(a, room, e);

    if (rc == SQLITE_OK)
        rc = index_remove(a->store, t->n, t->body, t->body_length, room->id);
    sqlite3_reset(t->row);
    if (rc == SQLITE_OK)
        rc = store_run(a->store, SQL_MESSAGE_EDIT, "ibi", t->n, e->body, e->body_length,
                       (int64_t)e->ts);
    if (rc == SQLITE_OK)
        rc = index_add(a->store, t->n, e->body, e->body_length, room->id);
    return rc;
}

static int do_delete(struct appender *a, struct cached_room *room, struct event *e,
                     const struct target *t)
{
    int rc = add_event(a, room, e);

    if (rc == SQLITE_OK)
        rc = index_remove(a->store, t->n, t->body, t->body_length, room->id);
    sqlite3_reset(t->row);
    if (rc == SQLITE_OK)
        rc = store_run(a->store, SQL_MESSAGE_DELETE, "i", t->n);
    if (rc == SQLITE_OK)
        rc = store_run(a->store, SQL_EDITS_ERASE, "ii", room->id, (int64_t)e->id.seq);
    if (rc == SQLITE_OK)
        rc = store_run(a->store, SQL_REACTIONS_REMOVE, "ii", room->id, (int64_t)e->id.seq);
    return rc;
}

/* OK, or ERR_FULL if the message has as many reactions as it may have, or emoji. */
static int check_room_for_reaction(struct appender *a, const struct cached_room *room,
                                   struct event *e)
{
    sqlite3_stmt *row;
    int rc = store_step(a->store, &row, SQL_REACTION_COUNT, "iib", room->id, (int64_t)e->id.seq,
                        e->body, e->body_length);

    if (rc != SQLITE_ROW)
        return rc;
    if (sqlite3_column_int(row, 0) >= MESSAGE_REACTIONS_MAX ||
        (sqlite3_column_int(row, 2) == 0 && sqlite3_column_int(row, 1) >= MESSAGE_EMOJI_MAX))
        e->outcome = ERR_FULL;
    sqlite3_reset(row);
    return SQLITE_OK;
}

static int add_reaction(struct appender *a, struct cached_room *room, struct event *e,
                        const struct cached_user *user)
{
    int rc = check_room_for_reaction(a, room, e);

    if (rc != SQLITE_OK || e->outcome != OK)
        return rc;
    rc = add_event(a, room, e);
    if (rc == SQLITE_OK)
        rc = store_run(a->store, SQL_REACTION_ADD, "iibiiii", room->id, (int64_t)e->id.seq, e->body,
                       e->body_length, user->person, user->id, (int64_t)e->seq, (int64_t)e->ts);
    return rc;
}

/* What changes nothing is answered as if it were a repeat: of the reaction that is there, or else of the
 * message itself. */
static int do_react(struct appender *a, struct cached_room *room, struct event *e,
                    const struct target *t)
{
    struct cached_user *user;
    sqlite3_stmt *row;
    int64_t place = 0;
    uint64_t seq = e->id.seq, ts = t->ts;
    int rc = cache_user(&a->cache, a->store, e->user->text, e->user->key, true, &user);

    sqlite3_reset(t->row);
    if (rc == SQLITE_OK)
        rc = store_step(a->store, &row, SQL_REACTION_FIND, "iibi", room->id, (int64_t)e->id.seq,
                        e->body, e->body_length, user->person);
    if (rc == SQLITE_ROW) {
        place = sqlite3_column_int64(row, 0);
        seq = (uint64_t)sqlite3_column_int64(row, 1);
        ts = (uint64_t)sqlite3_column_int64(row, 2);
        sqlite3_reset(row);
        rc = SQLITE_OK;
    }
    if (rc != SQLITE_OK)
        return rc;
    if (e->on == (place != 0)) {
        set_repeat(e, seq, ts);
        return SQLITE_OK;
    }
    if (e->on)
        return add_reaction(a, room, e, user);
    rc = store_run(a->store, SQL_REACTION_REMOVE, "i", place);
    return rc == SQLITE_OK ? add_event(a, room, e) : rc;
}

/* Resets the target's row, at the latest before it writes to that row. */
static int (*const change[])(struct appender *, struct cached_room *, struct event *,
                             const struct target *) = {
    [EVENT_EDIT] = do_edit,
    [EVENT_DELETE] = do_delete,
    [EVENT_REACT] = do_react,
};

static int change_message(struct appender *a, struct cached_room *room, struct event *e)
{
    struct target t = {.row = NULL};
    int rc = SQLITE_OK;

    if (room != NULL && e->id.epoch == a->store->epoch && e->id.room == (uint64_t)room->id)
        rc = find_target(a, room, e->id.seq, e->user->key, &t);
    if (rc == SQLITE_OK && (t.row == NULL || t.is_deleted))
        e->outcome = ERR_NOT_FOUND;
    else if (rc == SQLITE_OK && e->type != EVENT_REACT && !t.is_own)
        e->outcome = ERR_FORBIDDEN;
    if (rc == SQLITE_OK && e->outcome == OK)
        return change[e->type](a, room, e, &t);
    sqlite3_reset(t.row);
    return rc;
}

/* ---- messages ---- */

static int check_reply(struct appender *a, const struct cached_room *room, struct event *e)
{
    struct target t = {.row = NULL};
    int rc = SQLITE_OK;

    if (room != NULL)
        rc = find_target(a, room, e->reply_to, "", &t);
    if (t.row == NULL)
        e->outcome = ERR_NOT_FOUND;
    sqlite3_reset(t.row);
    return rc;
}

/* Those that came with the message, from an export; they have no event of their own. */
static int add_old_reaction(struct appender *a, const struct cached_room *room,
                            const struct event *e, const char *emoji, struct username *who)
{
    struct cached_user *user;
    sqlite3_stmt *row;
    int rc = cache_user(&a->cache, a->store, who->text, who->key, true, &user);

    if (rc == SQLITE_OK)
        rc = store_step(a->store, &row, SQL_REACTION_FIND, "iiti", room->id, (int64_t)e->seq, emoji,
                        user->person);
    if (rc == SQLITE_ROW) { /* two of the names are one person's by now */
        sqlite3_reset(row);
        return SQLITE_OK;
    }
    return rc != SQLITE_OK
               ? rc
               : store_run(a->store, SQL_REACTION_ADD, "iitiiii", room->id, (int64_t)e->seq, emoji,
                           user->person, user->id, (int64_t)e->seq, (int64_t)e->ts);
}

static int add_old_reactions(struct appender *a, const struct cached_room *room,
                             const struct event *e)
{
    int rc = SQLITE_OK;

    for (size_t i = 0; i < e->state->reaction_count; i++) {
        const struct reaction *r = &e->state->reactions[i];

        for (size_t k = 0; rc == SQLITE_OK && k < r->count; k++) {
            struct username *who = NULL;
            const char *reason;

            if (username_make(r->usernames[k], strlen(r->usernames[k]), &who, &reason) == OK)
                rc = add_old_reaction(a, room, e, r->emoji, who);
            username_unref(&who);
        }
    }
    return rc;
}

static int add_message(struct appender *a, struct cached_room *room, struct event *e)
{
    int rc = e->reply_to != 0 ? check_reply(a, room, e) : SQLITE_OK;

    if (rc == SQLITE_OK && e->outcome == OK && room == NULL)
        rc = cache_room(&a->cache, a->store, e->room_key, true, &room);
    if (rc != SQLITE_OK || e->outcome != OK)
        return rc;
    rc = add_event(a, room, e);
    set_id(a, e, room->id, e->seq);
    if (rc == SQLITE_OK && e->state != NULL)
        rc = add_old_reactions(a, room, e);
    return rc;
}

int append_event(struct appender *a, struct event *e)
{
    struct cached_room *room = NULL;
    int rc = cache_room(&a->cache, a->store, e->room_key, false, &room);

    e->outcome = OK;
    e->is_repeat = false;
    if (rc == SQLITE_OK && room != NULL && e->cid != NULL)
        rc = find_repeat(a, room, e);
    if (rc != SQLITE_OK || e->is_repeat)
        return rc;
    return e->type == EVENT_MESSAGE ? add_message(a, room, e) : change_message(a, room, e);
}
