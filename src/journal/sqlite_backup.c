#include "journal/sqlite_backup.h"
#include "journal/new_file.h"
#include "journal/sqlite_file.h"
#include "journal/sqlite_schema.h"

/* All pages in one step: between steps somebody else's commit would make it begin again. Who writes is
 * not held back by that. */
static int copy_pages(sqlite3 *from, sqlite3 *to)
{
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");

    if (backup == NULL)
        return sqlite3_errcode(to);
    (void)sqlite3_backup_step(backup, -1);
    return sqlite3_backup_finish(backup);
}

/* One file without others beside it, and one that ended cleanly: it holds a commit and no more. */
static int finish(sqlite3 *to)
{
    return sqlite3_exec(to,
                        "PRAGMA journal_mode = DELETE;"
                        "UPDATE meta SET value = 1 WHERE name = 'is_clean';",
                        NULL, NULL, NULL);
}

int backup_copy(struct store *from, const char *to)
{
    sqlite3 *db = NULL;
    int rc = sqlite3_open_v2(to, &db, SQLITE_OPEN_READWRITE, NULL);

    if (rc == SQLITE_OK)
        rc = copy_pages(from->db, db);
    if (rc == SQLITE_OK)
        rc = finish(db);
    sqlite3_close(db);
    return rc;
}

/* What is written to the copy after it was put in the journal's place is another future than the one that went on
 * from here: a place in the one must not be taken for a place in the other. The keys of cids remain, because
 * what was sent before is the past of both. */
static int renew_epoch(const char *copy)
{
    sqlite3 *db = NULL;
    int rc = sqlite3_open_v2(copy, &db, SQLITE_OPEN_READWRITE, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, store_new_epoch, NULL, NULL, NULL);
    sqlite3_close(db);
    return rc;
}

static bool copy_and_publish(struct store *s, struct new_file *copy)
{
    int rc = backup_copy(s, copy->partial);

    if (rc == SQLITE_OK)
        rc = renew_epoch(copy->partial);
    if (rc == SQLITE_OK)
        return new_file_publish(copy);
    file_log_refusal(copy->path, sqlite3_errstr(rc), store_hint(rc));
    return false;
}

/* A log of any version that can be served, because the time for a backup is before it is brought up to date;
 * NULL after logging why not. */
static struct store *open_log(const char *path)
{
    struct store *s = store_open(path, STORE_LOOK, false);
    enum schema_kind kind = SCHEMA_NEW;
    int version;

    if (s == NULL || (schema_identify(s->db, &schema_current, &kind, &version) == SQLITE_OK &&
                      kind != SCHEMA_NEW))
        return s;
    file_log_refusal(path, "nothing is in it", "start hubbub once with it");
    store_close(s);
    return NULL;
}

bool backup_make(const char *path, const char *copy)
{
    struct store *s = open_log(path);
    struct new_file file;
    bool is_fine = false;

    if (s != NULL && new_file_begin(&file, copy, 0640)) {
        is_fine = copy_and_publish(s, &file);
        new_file_end();
    }
    store_close(s);
    return is_fine;
}
