#include "journal/sqlite_read.h"
#include "base/mem.h"
#include "core/name.h"
#include "journal/sqlite_search.h"

#include <stdint.h>
#include <string.h>

/* ---- events out of rows ---- */

static struct reaction *reaction_of(struct message_state *state, const char *emoji)
{
    struct reaction *grown;

    for (size_t i = 0; i < state->reaction_count; i++)
        if (strcmp(state->reactions[i].emoji, emoji) == 0)
            return &state->reactions[i];
    grown = mem_resize(state->reactions, (state->reaction_count + 1) * sizeof *grown);
    if (grown == NULL)
        return NULL;
    state->reactions = grown;
    grown += state->reaction_count++;
    *grown = (struct reaction){.emoji = mem_strdup(emoji)};
    return grown;
}

static bool add_name(struct reaction *r, const char *name)
{
    /* It doubles at each power of two. */
    if ((r->count & (r->count - 1)) == 0) {
        char **grown = mem_resize(r->usernames, (r->count != 0 ? 2 * r->count : 1) * sizeof *grown);

        if (grown == NULL)
            return false;
        r->usernames = grown;
    }
    r->usernames[r->count++] = mem_strdup(name);
    return true;
}

/* *state is made if there is something to tell. */
static int read_reactions(struct store *s, int64_t room, uint64_t seq, struct message_state **state)
{
    sqlite3_stmt *row;
    int rc = store_step(s, &row, SQL_REACTIONS, "ii", room, (int64_t)seq);

    if (rc != SQLITE_ROW)
        return rc;
    if (*state == NULL)
        *state = message_state_make();
    for (; rc == SQLITE_ROW; rc = sqlite3_step(row)) {
        const char *emoji = (const char *)sqlite3_column_text(row, 0);
        const char *name = (const char *)sqlite3_column_text(row, 1);
        struct reaction *r = emoji != NULL && name != NULL ? reaction_of(*state, emoji) : NULL;

        if (r == NULL || !add_name(r, name)) {
            rc = SQLITE_NOMEM;
            break;
        }
    }
    sqlite3_reset(row);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static struct event *make_event(sqlite3_stmt *row)
{
    const char *name = (const char *)sqlite3_column_text(row, COLUMN_NAME);
    const char *key = (const char *)sqlite3_column_text(row, COLUMN_KEY);
    const char *body = (const char *)sqlite3_column_text(row, COLUMN_BODY);
    struct username *user;
    struct event *e;

    if (name == NULL || key == NULL || body == NULL)
        return NULL;
    user = username_restore(name, (size_t)sqlite3_column_bytes(row, COLUMN_NAME), key,
                            (size_t)sqlite3_column_bytes(row, COLUMN_KEY));
    e = event_with_body((enum event_type)sqlite3_column_int(row, COLUMN_TYPE), user, body,
                        (size_t)sqlite3_column_bytes(row, COLUMN_BODY));
    username_unref(&user);
    return e;
}

struct event *read_event_bare(const struct store *s, sqlite3_stmt *row, int64_t room)
{
    struct event *e = make_event(row);
    uint64_t target = (uint64_t)sqlite3_column_int64(row, COLUMN_TARGET);
    uint64_t edited_ts = (uint64_t)sqlite3_column_int64(row, COLUMN_EDITED_TS);
    bool flag = sqlite3_column_int(row, COLUMN_FLAG) != 0;

    if (e == NULL)
        return NULL;
    e->seq = (uint64_t)sqlite3_column_int64(row, COLUMN_SEQ);
    e->ts = (uint64_t)sqlite3_column_int64(row, COLUMN_TS);
    e->id = (struct message_id){.epoch = s->epoch, .room = (uint64_t)room, .seq = target};
    if (e->type != EVENT_MESSAGE) {
        e->on = e->type == EVENT_REACT && flag;
        return e;
    }
    e->id.seq = e->seq;
    e->reply_to = target;
    if (edited_ts != 0 || flag) {
        e->state = message_state_make();
        e->state->edited_ts = edited_ts;
        e->state->is_deleted = flag;
    }
    return e;
}

struct event *read_event(struct store *s, sqlite3_stmt *row, int64_t room)
{
    struct event *e = read_event_bare(s, row, room);

    if (e != NULL && e->type == EVENT_MESSAGE && (e->state == NULL || !e->state->is_deleted) &&
        read_reactions(s, room, e->seq, &e->state) != SQLITE_OK)
        event_unref(&e);
    return e;
}

int read_failure(const struct store *s)
{
    int rc = sqlite3_extended_errcode(s->db);

    return rc != SQLITE_OK && rc != SQLITE_ROW && rc != SQLITE_DONE ? rc : SQLITE_NOMEM;
}

static int add_row(struct store *s, struct query *q, sqlite3_stmt *row, int64_t room,
                   const char *room_name)
{
    struct event *e = read_event(s, row, room);

    if (e == NULL)
        return read_failure(s);
    return query_add_item(q, e, room_name) ? SQLITE_OK : SQLITE_NOMEM;
}

/* ---- the kinds of queries ---- */

static int read_head(struct store *s, const char *name, struct journal_head *head)
{
    sqlite3_stmt *row;
    int rc = store_step(s, &row, SQL_ROOM_FIND, "t", name);

    *head = (struct journal_head){.oldest = 1};
    if (rc != SQLITE_ROW)
        return rc;
    head->room = (uint64_t)sqlite3_column_int64(row, 0);
    head->seq = (uint64_t)sqlite3_column_int64(row, 1);
    head->ts = (uint64_t)sqlite3_column_int64(row, 2);
    head->oldest = (uint64_t)sqlite3_column_int64(row, 3);
    sqlite3_reset(row);
    return SQLITE_OK;
}

static int answer_head(struct store *s, struct query *q)
{
    (void)s;
    (void)q;
    return SQLITE_OK;
}

/* SQLite's numbers have a sign. */
static int64_t clamp(uint64_t seq)
{
    return (int64_t)(seq < INT64_MAX ? seq : INT64_MAX);
}

static int answer_events(struct store *s, struct query *q)
{
    int64_t room = (int64_t)q->head.room;
    size_t bytes = 0;
    sqlite3_stmt *row = NULL;
    int rc;

    q->more = query_wants_too_much(q);
    if (q->more)
        return SQLITE_OK;
    rc = store_step(s, &row, SQL_EVENTS_AFTER, "iii", room, clamp(q->seq), (int64_t)q->limit + 1);
    for (; rc == SQLITE_ROW; rc = sqlite3_step(row)) {
        q->more = q->item_count == q->limit;
        if (!q->more) {
            rc = add_row(s, q, row, room, NULL);
            if (rc != SQLITE_OK)
                break;
            q->more = query_is_over(q, &bytes);
            if (q->more)
                event_unref(&q->items[--q->item_count]);
        }
        if (q->more) {
            rc = SQLITE_DONE;
            break;
        }
    }
    sqlite3_reset(row);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* Adds limit messages on one side of seq, the nearest first; *more: there are others. */
static int add_page(struct store *s, struct query *q, enum statement which, uint64_t seq,
                    uint32_t limit, bool *more)
{
    size_t first = q->item_count, end = first + limit, bytes = 0;
    sqlite3_stmt *row = NULL;
    int rc =
        store_step(s, &row, which, "iii", (int64_t)q->head.room, clamp(seq), (int64_t)limit + 1);

    for (; rc == SQLITE_ROW; rc = sqlite3_step(row)) {
        *more = q->item_count == end || query_has_enough(q, first, bytes);
        if (*more) {
            rc = SQLITE_DONE;
            break;
        }
        rc = add_row(s, q, row, (int64_t)q->head.room, NULL);
        if (rc != SQLITE_OK)
            break;
        bytes += event_text_size(q->items[q->item_count - 1]);
    }
    sqlite3_reset(row);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int add_page_before(struct store *s, struct query *q, uint64_t seq, uint32_t limit)
{
    int rc = add_page(s, q, SQL_PAGE_BEFORE, seq, limit, &q->more);

    query_reverse(q);
    return rc;
}

static int answer_page(struct store *s, struct query *q)
{
    uint32_t half = q->limit - q->limit / 2;
    bool ignored;
    int rc;

    switch (q->where) {
    case PAGE_AFTER:
        return add_page(s, q, SQL_PAGE_AFTER, q->seq, q->limit, &q->more);
    case PAGE_BEFORE:
        return add_page_before(s, q, q->seq, q->limit);
    case PAGE_AROUND:
        rc = add_page_before(s, q, (uint64_t)clamp(q->seq) + 1, half);
        return rc == SQLITE_OK ? add_page(s, q, SQL_PAGE_AFTER, q->seq, q->limit - half, &ignored)
                               : rc;
    default:
        return add_page_before(s, q, INT64_MAX, q->limit);
    }
}

static int answer_rooms(struct store *s, struct query *q)
{
    sqlite3_stmt *row = NULL;
    int rc = store_step(s, &row, SQL_ROOM_LIST, "i", (int64_t)q->limit);

    for (; rc == SQLITE_ROW; rc = sqlite3_step(row)) {
        const char *name = (const char *)sqlite3_column_text(row, 0);
        const char *topic = (const char *)sqlite3_column_text(row, 1);

        if (name == NULL || topic == NULL ||
            !query_add_info(q, name, topic, (uint64_t)sqlite3_column_int64(row, 2),
                            (uint64_t)sqlite3_column_int64(row, 3))) {
            rc = SQLITE_NOMEM;
            break;
        }
    }
    sqlite3_reset(row);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* ---- search ---- */

struct search {
    int64_t *rooms; /* owned: the numbers of those that there are */
    size_t room_count;
    int64_t before; /* n */
};

static int find_rooms(struct store *s, const struct query *q, struct search *search)
{
    int rc = SQLITE_OK;

    search->rooms = mem_try((q->room_count + 1) * sizeof *search->rooms);
    if (search->rooms == NULL)
        return SQLITE_NOMEM;
    for (size_t i = 0; i < q->room_count && rc == SQLITE_OK; i++) {
        struct journal_head head;

        rc = read_head(s, q->rooms[i], &head);
        if (head.room != 0)
            search->rooms[search->room_count++] = (int64_t)head.room;
    }
    return rc;
}

/* The row of the message that results have to be older than, or of the next that is still there. */
static int find_before(struct store *s, const struct message_id *id, struct search *search)
{
    sqlite3_stmt *row;
    int rc;

    search->before = id->epoch == 0 ? INT64_MAX : 0;
    if (id->epoch != s->epoch || id->seq > INT64_MAX)
        return SQLITE_OK;
    rc = store_step(s, &row, SQL_MESSAGE_NEXT, "ii", (int64_t)id->room, (int64_t)id->seq);
    if (rc != SQLITE_ROW)
        return rc;
    search->before = sqlite3_column_int64(row, 0);
    sqlite3_reset(row);
    return SQLITE_OK;
}

static bool has_room(const struct search *search, int64_t room)
{
    for (size_t i = 0; i < search->room_count; i++)
        if (search->rooms[i] == room)
            return true;
    return search->room_count == 0;
}

static int add_hits(struct store *s, struct query *q, const struct search *search,
                    const char *expression)
{
    sqlite3_stmt *row = NULL;
    size_t bytes = 0;
    int rc = store_step(s, &row, SQL_SEARCH, "ti", expression, search->before);

    for (; rc == SQLITE_ROW; rc = sqlite3_step(row)) {
        int64_t room = sqlite3_column_int64(row, COLUMN_ROOM);
        const char *name = (const char *)sqlite3_column_text(row, COLUMN_ROOM_NAME);

        if (!has_room(search, room))
            continue;
        if (q->item_count == q->limit || query_has_enough(q, 0, bytes)) {
            q->more = true;
            rc = SQLITE_DONE;
            break;
        }
        rc = name != NULL ? add_row(s, q, row, room, name) : SQLITE_NOMEM;
        if (rc != SQLITE_OK)
            break;
        bytes += event_text_size(q->items[q->item_count - 1]);
    }
    sqlite3_reset(row);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int answer_search(struct store *s, struct query *q)
{
    struct search search = {.rooms = NULL};
    char *expression = NULL;
    int rc = find_rooms(s, q, &search);

    if (rc == SQLITE_OK)
        rc = find_before(s, &q->before, &search);
    if (rc != SQLITE_OK || (q->room_count != 0 && search.room_count == 0) || search.before == 0)
        goto out;
    expression = search_expression(q->text != NULL ? q->text : "", search.rooms,
                                   search.room_count <= SEARCH_ROOMS_MAX ? search.room_count : 0);
    if (expression != NULL)
        rc = add_hits(s, q, &search, expression);
out:
    mem_free(expression);
    mem_free(search.rooms);
    return rc;
}

/* ---- any query ---- */

static int (*const answer[QUERY_KINDS])(struct store *, struct query *) = {
    [QUERY_HEAD] = answer_head,     [QUERY_EVENTS] = answer_events, [QUERY_PAGE] = answer_page,
    [QUERY_SEARCH] = answer_search, [QUERY_ROOMS] = answer_rooms,
};

int read_query(struct store *s, struct query *q)
{
    int rc = store_run(s, SQL_BEGIN_READ, "");

    q->head = (struct journal_head){.oldest = 1};
    if (rc == SQLITE_OK && q->room_count != 0)
        rc = read_head(s, q->rooms[0], &q->head);
    if (rc == SQLITE_OK)
        rc = answer[q->kind](s, q);
    if (rc == SQLITE_OK)
        rc = store_run(s, SQL_COMMIT, "");
    if (rc != SQLITE_OK)
        store_rollback(s);
    q->outcome = rc == SQLITE_OK ? OK : ERR_UNAVAILABLE;
    return rc;
}
