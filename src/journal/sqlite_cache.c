#include "journal/sqlite_cache.h"
#include "base/mem.h"

#include <string.h>

enum { ENTRIES_MAX = 16384 };

static int find_room(struct store *s, const char *name, bool *is_there, struct cached_room *out)
{
    sqlite3_stmt *row;
    int rc = store_step(s, &row, SQL_ROOM_FIND, "t", name);

    *is_there = rc == SQLITE_ROW;
    if (rc != SQLITE_ROW)
        return rc;
    out->id = sqlite3_column_int64(row, 0);
    out->seq = (uint64_t)sqlite3_column_int64(row, 1);
    out->ts = (uint64_t)sqlite3_column_int64(row, 2);
    sqlite3_reset(row);
    return SQLITE_OK;
}

int cache_room(struct cache *c, struct store *s, const char *name, bool add,
               struct cached_room **out)
{
    struct cached_room found = {.id = 0};
    bool is_there;
    int rc;

    HASH_FIND_STR(c->rooms, name, *out);
    if (*out != NULL)
        return SQLITE_OK;
    rc = find_room(s, name, &is_there, &found);
    if (rc == SQLITE_OK && !is_there && add) {
        rc = store_run(s, SQL_ROOM_ADD, "t", name);
        found.id = sqlite3_last_insert_rowid(s->db);
        is_there = true;
    }
    if (rc != SQLITE_OK || !is_there)
        return rc;
    *out = mem_alloc(sizeof **out + strlen(name) + 1);
    **out = found;
    strcpy((*out)->name, name);
    HASH_ADD_STR(c->rooms, name, *out);
    return SQLITE_OK;
}

static int find_user(struct store *s, const char *name, bool *is_there, struct cached_user *out)
{
    sqlite3_stmt *row;
    int rc = store_step(s, &row, SQL_USER_FIND, "t", name);

    *is_there = rc == SQLITE_ROW;
    if (rc != SQLITE_ROW)
        return rc;
    out->id = sqlite3_column_int64(row, 0);
    out->person = sqlite3_column_int64(row, 1);
    sqlite3_reset(row);
    return SQLITE_OK;
}

int cache_user(struct cache *c, struct store *s, const char *name, const char *key, bool add,
               struct cached_user **out)
{
    struct cached_user found = {.id = 0};
    bool is_there;
    int rc;

    HASH_FIND_STR(c->users, name, *out);
    if (*out != NULL)
        return SQLITE_OK;
    rc = find_user(s, name, &is_there, &found);
    if (rc == SQLITE_OK && !is_there && add) {
        rc = store_run(s, SQL_USER_ADD, "tt", name, key);
        if (rc == SQLITE_OK)
            rc = find_user(s, name, &is_there, &found);
    }
    if (rc != SQLITE_OK || !is_there)
        return rc;
    *out = mem_alloc(sizeof **out + strlen(name) + 1);
    **out = found;
    strcpy((*out)->name, name);
    HASH_ADD_STR(c->users, name, *out);
    return SQLITE_OK;
}

int cache_number(struct cache *c, struct store *s, int64_t *n)
{
    sqlite3_stmt *row;

    if (c->last_n == 0) {
        int rc = store_step(s, &row, SQL_EVENT_LAST, "");

        if (rc != SQLITE_ROW)
            return rc;
        c->last_n = sqlite3_column_int64(row, 0);
        sqlite3_reset(row);
    }
    *n = ++c->last_n;
    return SQLITE_OK;
}

void cache_mark_dirty(struct cache *c, struct cached_room *room)
{
    if (room->is_dirty)
        return;
    room->is_dirty = true;
    room->dirty = c->dirty;
    c->dirty = room;
}

int cache_flush(struct cache *c, struct store *s)
{
    int rc = SQLITE_OK;

    while (c->dirty != NULL && rc == SQLITE_OK) {
        struct cached_room *room = c->dirty;

        rc = store_run(s, SQL_ROOM_MARK, "iii", room->id, (int64_t)room->seq, (int64_t)room->ts);
        room->is_dirty = false;
        c->dirty = room->dirty;
    }
    return rc;
}

void cache_clear(struct cache *c)
{
    struct cached_room *room, *next_room;
    struct cached_user *user, *next_user;

    HASH_ITER(hh, c->rooms, room, next_room)
    {
        HASH_DEL(c->rooms, room);
        mem_free(room);
    }
    HASH_ITER(hh, c->users, user, next_user)
    {
        HASH_DEL(c->users, user);
        mem_free(user);
    }
    c->dirty = NULL;
    c->last_n = 0;
}

void cache_trim(struct cache *c)
{
    if (HASH_COUNT(c->rooms) > ENTRIES_MAX || HASH_COUNT(c->users) > ENTRIES_MAX)
        cache_clear(c);
}
