/* sqlite_cache - rooms and users that the writer has met lately, and where the log ends, so that it need not
 * look them up.
 * Threads:    the writer's.
 * Owns:       its entries.
 * Invariant:  says what the open transaction says; emptied when a transaction failed, when somebody else
 *             wrote, and between transactions when it has grown large.
 * Fails:      result codes of SQLite; an unknown name is SQLITE_OK with an entry of NULL. */
#ifndef HUBBUB_JOURNAL_SQLITE_CACHE_H
#define HUBBUB_JOURNAL_SQLITE_CACHE_H

#include "core/table.h"
#include "journal/sqlite_store.h"

struct cached_room {
    int64_t id;
    uint64_t seq, ts;
    bool is_dirty;             /* seq and ts are still to be written */
    struct cached_room *dirty; /* the next such */
    UT_hash_handle hh;
    char name[];
};

struct cached_user {
    int64_t id;
    int64_t person; /* the id of the first user with the same key */
    UT_hash_handle hh;
    char name[];
};

struct cache {
    struct cached_room *rooms, *dirty; /* owned */
    struct cached_user *users;         /* owned */
    int64_t last_n;                    /* the last event's; 0: not known */
};

/* add: makes it in the file if it is not there. */
int cache_room(struct cache *c, struct store *s, const char *name, bool add,
               struct cached_room **out);
int cache_user(struct cache *c, struct store *s, const char *name, const char *key, bool add,
               struct cached_user **out);

/* The number for the next event; each is given once. */
int cache_number(struct cache *c, struct store *s, int64_t *n);

void cache_mark_dirty(struct cache *c, struct cached_room *room);
/* Writes what is dirty. */
int cache_flush(struct cache *c, struct store *s);

void cache_clear(struct cache *c);
/* Clears it if it is large. */
void cache_trim(struct cache *c);

#endif
