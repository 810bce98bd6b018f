#include "journal/sqlite_schema.h"

#include <stdint.h>
#include <stdio.h>

/* events: n is the order of commit. type is enum event_type's. target is the seq of the message that an
 * edit, a delete or a reaction is about, or that a message answers. flag is 1 for a message that was
 * deleted and a reaction that was set. A message's row has its current body; a deleted message has lost it
 * here and in its edits. Messages and changes lie apart in events_place, so that a page of messages costs
 * the same however many reactions are between them. cid_hash is short, because it is the only index whose
 * new entries are all over it.
 * words: what can be searched; its column room is the letter r and the room's number, so that a search in
 * a quiet room need not look at the others' messages. Who changes events changes it too: no triggers. */
static const char version_1[] =
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "INSERT INTO meta VALUES('epoch', 1 + (random() & 0xfffffffffffe)), ('cid_key', "
    "randomblob(16)),"
    " ('is_clean', 1);"
    "CREATE TABLE rooms(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
    " topic TEXT NOT NULL DEFAULT '', seq INTEGER NOT NULL, ts INTEGER NOT NULL,"
    " oldest INTEGER NOT NULL);"
    "CREATE INDEX rooms_ts ON rooms(ts);"
    "CREATE TABLE users(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, key TEXT NOT NULL);"
    "CREATE INDEX users_key ON users(key);"
    "CREATE TABLE events(n INTEGER PRIMARY KEY, room INTEGER NOT NULL, seq INTEGER NOT NULL,"
    " type INTEGER NOT NULL, ts INTEGER NOT NULL, user INTEGER NOT NULL, target INTEGER,"
    " body TEXT NOT NULL, cid TEXT, cid_hash INTEGER, flag INTEGER NOT NULL, edited_ts INTEGER);"
    "CREATE UNIQUE INDEX events_place ON events(room, type > 0, seq);"
    "CREATE INDEX events_cid ON events(cid_hash) WHERE cid_hash IS NOT NULL;"
    "CREATE INDEX events_edits ON events(room, target) WHERE type = 1;"
    "CREATE TABLE reactions(place INTEGER PRIMARY KEY, room INTEGER NOT NULL,"
    " message INTEGER NOT NULL, emoji TEXT NOT NULL, person INTEGER NOT NULL,"
    " user INTEGER NOT NULL, seq INTEGER NOT NULL, ts INTEGER NOT NULL, rank INTEGER NOT NULL);"
    "CREATE UNIQUE INDEX reactions_who ON reactions(room, message, emoji, person);"
    "CREATE VIEW searchable AS SELECT n, body, 'r' || room AS room FROM events"
    " WHERE type = 0 AND flag = 0;"
    "CREATE VIRTUAL TABLE words USING fts5(body, room, content = 'searchable', content_rowid = 'n',"
    " tokenize = 'hubbub remove_diacritics 2', prefix = '1',"
    " columnsize = 0);";

/* indexed: the index of words may be behind the messages; the event up to which it is not. boot: which
 * start of the machine the file was last served in, if it would not survive the loss of power whole. */
static const char version_2[] =
    "INSERT INTO meta VALUES('boot', '');"
    "INSERT INTO meta SELECT 'indexed', ifnull(max(n), 0) FROM events;"
    "DROP VIEW searchable;"
    "CREATE VIEW searchable AS SELECT n, body, 'r' || room AS room FROM events"
    " WHERE type = 0 AND flag = 0 AND n <= (SELECT value FROM meta WHERE name = 'indexed');";

static const char *const steps[] = {version_1, version_2};

const struct schema schema_current = {steps, sizeof steps / sizeof *steps};

static int read_number(sqlite3 *db, const char *sql, int64_t *out)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &st, NULL);

    if (rc == SQLITE_OK) {
        rc = sqlite3_step(st);
        *out = rc == SQLITE_ROW ? sqlite3_column_int64(st, 0) : 0;
        rc = rc == SQLITE_ROW ? SQLITE_OK : rc;
    }
    sqlite3_finalize(st);
    return rc;
}

int schema_identify(sqlite3 *db, const struct schema *schema, enum schema_kind *kind, int *version)
{
    int64_t application = 0, steps_taken = 0, objects = 0;
    int rc = read_number(db, "PRAGMA application_id", &application);

    if (rc == SQLITE_OK)
        rc = read_number(db, "PRAGMA user_version", &steps_taken);
    if (rc == SQLITE_OK)
        rc = read_number(db, "SELECT count(*) FROM sqlite_master", &objects);
    *version = (int)steps_taken;
    if (application == 0 && steps_taken == 0 && objects == 0)
        *kind = SCHEMA_NEW;
    else if (application != SCHEMA_APPLICATION_ID || steps_taken < 1)
        *kind = SCHEMA_FOREIGN;
    else if (steps_taken > schema->version)
        *kind = SCHEMA_NEWER;
    else
        *kind = steps_taken < schema->version ? SCHEMA_OLDER : SCHEMA_SAME;
    return rc;
}

int schema_migrate(sqlite3 *db, const struct schema *schema, int version)
{
    char end[128];
    int rc = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);

    if (rc != SQLITE_OK)
        return rc;
    for (int i = version; rc == SQLITE_OK && i < schema->version; i++)
        rc = sqlite3_exec(db, schema->steps[i], NULL, NULL, NULL);
    snprintf(end, sizeof end, "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
             SCHEMA_APPLICATION_ID, schema->version);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, end, NULL, NULL, NULL);
    if (rc != SQLITE_OK)
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return rc;
}
