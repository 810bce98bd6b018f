#include "journal/sqlite_store.h"
#include "base/log.h"
#include "base/mem.h"
#include "journal/sqlite_check.h"
#include "journal/sqlite_file.h"
#include "journal/sqlite_index.h"
#include "journal/sqlite_schema.h"
#include "journal/sqlite_tokenizer.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { REASON_SIZE = 256 };

/* ---- failures ---- */

static const struct {
    int code;
    const char *hint;
} hints[] = {
    {SQLITE_FULL, "free some space on its file system"},
    {SQLITE_BUSY, "another program keeps the file locked; end it"},
    {SQLITE_LOCKED, "another program keeps the file locked; end it"},
    {SQLITE_IOERR, "look at the disk and its space (dmesg, df)"},
    {SQLITE_READONLY,
     "give the user that hubbub runs as the right to write the file and its folder"},
    {SQLITE_PERM, "give the user that hubbub runs as the right to write the file and its folder"},
    {SQLITE_CANTOPEN,
     "give the user that hubbub runs as the right to write the file and its folder"},
    {SQLITE_CORRUPT_VTAB,
     "hubbub makes the index of words anew; look at the disk (dmesg), and at the "
     "file with: hubbub verify"},
    {SQLITE_CORRUPT, "stop hubbub, keep a copy of the file, and put back a backup"},
    {SQLITE_NOTADB, "move the file away to begin a new log, or put back a backup"},
    {SQLITE_NOMEM, "give the machine more memory"},
};

const char *store_hint(int code)
{
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++)
        if (hints[i].code == code || hints[i].code == (code & 0xff))
            return hints[i].hint;
    return "look at the file with: hubbub verify";
}

void store_log_failure(struct store *s, const char *event, int code)
{
    char quoted[REASON_SIZE];

    log_error(event, "path=%s code=%d reason=\"%s\" hint=\"%s\"",
              log_quote(quoted, sizeof quoted, s->path, strlen(s->path)), code,
              sqlite3_errstr(code), store_hint(code));
}

/* ---- opening ---- */

void store_set_patience(struct store *s, int ms)
{
    sqlite3_busy_timeout(s->db, ms);
}

static void configure_library(void)
{
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); /* a lock around each allocation otherwise */
}

static pthread_once_t library_once = PTHREAD_ONCE_INIT;

static int open_connection(struct store *s)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, ignored;
    int rc = sqlite3_open_v2(s->path, &s->db, flags, NULL);

    if (rc != SQLITE_OK)
        return rc;
    sqlite3_extended_result_codes(s->db, 1);
    store_set_patience(s, STORE_PATIENCE_MS);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, &ignored);
    /* What is refused is left as it is, with what lies in its -wal file. */
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, &ignored);
    rc = tokenizer_register(s->db);
    if (rc != SQLITE_OK)
        return rc;
    return sqlite3_exec(s->db,
                        "PRAGMA mmap_size = 0;"
                        "PRAGMA cell_size_check = ON;"
                        "PRAGMA temp_store = MEMORY;",
                        NULL, NULL, NULL);
}

static int set_sync(struct store *s, bool is_full)
{
    return sqlite3_exec(s->db,
                        is_full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL", NULL,
                        NULL, NULL);
}

/* secure_delete: what was deleted is overwritten where it was. wal_autocheckpoint: pages that are written
 * again and again go to the file itself once every 32 MB; and the log is cut back to that after a burst. */
static int configure_writer(struct store *s, bool is_full)
{
    int rc = sqlite3_exec(s->db,
                          "PRAGMA cache_size = -16384;"
                          "PRAGMA secure_delete = ON;"
                          "PRAGMA wal_autocheckpoint = 8192;"
                          "PRAGMA journal_size_limit = 67108864;",
                          NULL, NULL, NULL);

    return rc == SQLITE_OK ? set_sync(s, is_full) : rc;
}

static int configure_reader(struct store *s)
{
    return sqlite3_exec(s->db, "PRAGMA cache_size = -8192; PRAGMA query_only = ON;", NULL, NULL,
                        NULL);
}

/* The first value of the first row; false if there is none. */
static bool read_text(sqlite3 *db, const char *sql, char *out, size_t size)
{
    sqlite3_stmt *st = NULL;
    bool has_row =
        sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW;

    snprintf(out, size, "%s", has_row ? (const char *)sqlite3_column_text(st, 0) : "");
    sqlite3_finalize(st);
    return has_row;
}

const char store_new_epoch[] =
    "UPDATE meta SET value = 1 + (random() & 0xfffffffffffe) WHERE name = 'epoch'";

static bool refuse(const struct store *s, const char *reason, const char *hint)
{
    file_log_refusal(s->path, reason, hint);
    return false;
}

static bool refuse_code(const struct store *s, int code)
{
    return refuse(s, sqlite3_errstr(code), store_hint(code));
}

static bool use_wal(struct store *s)
{
    char mode[16];

    if (read_text(s->db, "PRAGMA journal_mode = WAL", mode, sizeof mode) &&
        strcmp(mode, "wal") == 0)
        return true;
    if (sqlite3_errcode(s->db) != SQLITE_OK && sqlite3_errcode(s->db) != SQLITE_ROW &&
        sqlite3_errcode(s->db) != SQLITE_DONE)
        return refuse_code(s, sqlite3_errcode(s->db));
    return refuse(s, "its file system cannot share memory between programs",
                  "name a folder on a local file system with --state-dir");
}

/* The first is enough. */
static void note_fault(void *arg, const char *line)
{
    char *verdict = arg;

    if (verdict[0] == '\0')
        snprintf(verdict, REASON_SIZE, "%s", line);
}

/* What nothing uses may be what a lost write has made unreachable. */
static bool are_events_missing(struct store *s)
{
    char answer[8];

    return !read_text(s->db,
                      "SELECT (SELECT count(*) FROM events NOT INDEXED)"
                      " < (SELECT ifnull(sum(seq + 1 - oldest), 0) FROM rooms)",
                      answer, sizeof answer) ||
           strcmp(answer, "0") != 0;
}

/* "" if it is whole. */
static void look_for_fault(struct store *s, char verdict[REASON_SIZE])
{
    struct check check = {.is_quick = true, .fault = note_fault, .arg = verdict};

    verdict[0] = '\0';
    if (check_file(&check, s->db) != SQLITE_OK)
        note_fault(verdict, sqlite3_errmsg(s->db));
    else if (check.unused != 0 && are_events_missing(s))
        note_fault(verdict, "pages are not used, and events are missing");
}

/* The check of later versions of SQLite includes what FTS5 says of its tables. */
static bool is_about_index(struct store *s, const char *verdict)
{
    return verdict[0] != '\0' && (strstr(verdict, "words") != NULL || index_is_damaged(s));
}

/* What can be computed is no reason to refuse a file. Unless it is whole then, it is left as it was. */
static void mend_index(struct store *s, char verdict[REASON_SIZE])
{
    char verdict_now[REASON_SIZE];
    int rc = store_run(s, SQL_BEGIN_WRITE, "");

    if (rc == SQLITE_OK)
        rc = index_replace(s);
    if (rc == SQLITE_OK)
        look_for_fault(s, verdict_now);
    if (rc == SQLITE_OK && verdict_now[0] == '\0' && store_commit(s) == SQLITE_OK) {
        verdict[0] = '\0';
        log_info("journal_index_mended", "reason=\"it was made anew from the messages\"");
    }
    store_rollback(s);
}

static bool is_whole(struct store *s)
{
    char verdict[REASON_SIZE];

    log_info("journal_check", "reason=\"the last stop was not clean\"");
    look_for_fault(s, verdict);
    if (is_about_index(s, verdict)) {
        store_log_failure(s, "journal_index_damaged", SQLITE_CORRUPT_VTAB);
        mend_index(s, verdict);
    }
    for (char *p = verdict; *p != '\0'; p++)
        if (*p == '"')
            *p = ' ';
    return verdict[0] == '\0' ||
           refuse(
               s, verdict,
               "the file is damaged: keep a copy of it and put back a backup, or move it away to "
               "begin a new log");
}

static bool read_meta(struct store *s)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(s->db,
                                "SELECT (SELECT value FROM meta WHERE name = 'epoch'),"
                                " (SELECT value FROM meta WHERE name = 'cid_key'),"
                                " (SELECT value FROM meta WHERE name = 'is_clean'),"
                                " (SELECT value FROM meta WHERE name = 'boot')",
                                -1, &st, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_step(st);
    if (rc == SQLITE_ROW) {
        const unsigned char *key = sqlite3_column_blob(st, 1);

        s->epoch = (uint64_t)sqlite3_column_int64(st, 0);
        s->was_clean = sqlite3_column_int(st, 2) != 0;
        snprintf(s->boot, sizeof s->boot, "%s",
                 sqlite3_column_bytes(st, 3) > 0 ? (const char *)sqlite3_column_text(st, 3) : "");
        s->cid_key[0] = s->cid_key[1] = 0;
        for (int i = 0; i < sqlite3_column_bytes(st, 1) && i < 16; i++)
            s->cid_key[i / 8] |= (uint64_t)key[i] << 8 * (i % 8);
        rc = SQLITE_OK;
    }
    sqlite3_finalize(st);
    if (rc != SQLITE_OK)
        return refuse_code(s, rc);
    return s->epoch != 0 || refuse(s, "it has lost its epoch", store_hint(SQLITE_CORRUPT));
}

/* Linux names each start of the machine; "" where nothing does. */
static void read_boot_id(char out[BOOT_SIZE])
{
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");

    out[0] = '\0';
    if (file == NULL)
        return;
    if (fgets(out, BOOT_SIZE, file) == NULL)
        out[0] = '\0';
    out[strcspn(out, "\n")] = '\0';
    fclose(file);
}

/* With the power the last messages may have gone, whose places others will get: clients that saw them must
 * not take those for what they missed, so the numbering is a new one. */
static int note_start(struct store *s, bool is_full)
{
    char boot[BOOT_SIZE];
    bool may_lack;
    int rc;

    read_boot_id(boot);
    may_lack = !s->was_clean && s->boot[0] != '\0' && strcmp(s->boot, boot) != 0;
    rc = store_run(s, SQL_META_SET, "ti", "is_clean", (int64_t)0);
    if (rc == SQLITE_OK)
        rc = store_run(s, SQL_META_SET, "tt", "boot", is_full ? "" : boot);
    if (rc == SQLITE_OK && may_lack) {
        log_info("journal_epoch", "reason=\"the machine went down: the last moments may be lost\"");
        rc = sqlite3_exec(s->db, store_new_epoch, NULL, NULL, NULL);
        if (rc == SQLITE_OK && !read_meta(s))
            rc = SQLITE_ERROR;
    }
    return rc;
}

/* The note is on the disk before anything is said that may be lost: if it went with the power too, the next
 * start would read of a clean stop, or of another start of the machine. */
static int begin_service(struct store *s, bool is_full)
{
    int rc = set_sync(s, true);

    if (rc == SQLITE_OK)
        rc = store_run(s, SQL_BEGIN_WRITE, "");
    if (rc == SQLITE_OK)
        rc = note_start(s, is_full);
    if (rc == SQLITE_OK)
        rc = store_commit(s);
    if (rc == SQLITE_OK)
        rc = set_sync(s, is_full);
    return rc;
}

/* Makes the tables, or brings them up to date; nobody else may serve the file meanwhile. */
static bool migrate(struct store *s, int version)
{
    int lock = s->use == STORE_SERVE ? -1 : file_lock(s->path);
    int rc;

    if (s->use != STORE_SERVE && lock < 0)
        return false;
    if (version != 0)
        log_info("journal_migration", "from=%d to=%d", version, schema_current.version);
    rc = schema_migrate(s->db, &schema_current, version);
    if (lock >= 0)
        close(lock);
    return rc == SQLITE_OK || refuse_code(s, rc);
}

static bool check_schema(struct store *s)
{
    enum schema_kind kind;
    char reason[REASON_SIZE];
    int version, rc = schema_identify(s->db, &schema_current, &kind, &version);

    if (rc != SQLITE_OK)
        return refuse_code(s, rc);
    switch (kind) {
    case SCHEMA_FOREIGN:
        return refuse(s, "it is the database of another application",
                      "move it away, or name another folder with --state-dir");
    case SCHEMA_NEWER:
        snprintf(reason, sizeof reason,
                 "it was written by a later hubbub: version %d, known here is %d", version,
                 schema_current.version);
        return refuse(s, reason, "install that hubbub again, or put back a backup of before");
    case SCHEMA_NEW:
    case SCHEMA_OLDER:
        if (s->use == STORE_READ)
            return refuse(s, kind == SCHEMA_NEW ? "nothing is in it" : "it is of an earlier hubbub",
                          "start hubbub once with it");
        break;
    case SCHEMA_SAME:
        break;
    }
    if (s->use == STORE_LOOK)
        return true;
    if (kind != SCHEMA_NEW && s->use == STORE_SERVE &&
        (!read_meta(s) || (!s->was_clean && !is_whole(s))))
        return false;
    if (s->use != STORE_READ && !use_wal(s))
        return false;
    return (kind == SCHEMA_SAME || migrate(s, version)) && read_meta(s);
}

static bool is_writable(struct store *s)
{
    return sqlite3_db_readonly(s->db, "main") == 0 || refuse_code(s, SQLITE_READONLY);
}

static bool prepare(struct store *s, bool is_full)
{
    bool writes = s->use == STORE_SERVE || s->use == STORE_WRITE;
    int rc, ignored;

    if (s->use != STORE_BESIDE && !file_prepare(s->path, writes, writes))
        return false;
    rc = open_connection(s);
    if (rc == SQLITE_OK)
        rc = writes ? configure_writer(s, is_full) : configure_reader(s);
    if (rc != SQLITE_OK)
        return refuse_code(s, rc);
    if (s->use == STORE_BESIDE)
        return read_meta(s);
    if ((writes && !is_writable(s)) || !check_schema(s))
        return false;
    if (s->use == STORE_SERVE)
        rc = begin_service(s, is_full);
    if (rc == SQLITE_OK && writes)
        sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, &ignored);
    return rc == SQLITE_OK || refuse_code(s, rc);
}

struct store *store_open(const char *path, enum store_use use, bool is_full)
{
    struct store *s = mem_alloc(sizeof *s);

    pthread_once(&library_once, configure_library);
    s->path = mem_strdup(path);
    s->use = use;
    s->lock_fd = -1;
    if (use == STORE_SERVE) {
        s->lock_fd = file_lock(path);
        if (s->lock_fd < 0)
            goto fail;
    }
    if (prepare(s, is_full))
        return s;
fail:
    s->use = STORE_LOOK; /* so that no clean end is noted */
    store_close(s);
    return NULL;
}

void store_close(struct store *s)
{
    if (s == NULL)
        return;
    if (s->use == STORE_SERVE)
        (void)store_run(s, SQL_META_SET, "ti", "is_clean", (int64_t)1);
    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(s->statements[i]);
    sqlite3_close(s->db);
    if (s->lock_fd >= 0)
        close(s->lock_fd);
    mem_free(s->path);
    mem_free(s);
}

/* ---- statements ---- */

sqlite3_stmt *store_statement(struct store *s, enum statement which)
{
    if (s->statements[which] == NULL)
        (void)sqlite3_prepare_v3(s->db, statement_sql[which], -1, SQLITE_PREPARE_PERSISTENT,
                                 &s->statements[which], NULL);
    return s->statements[which];
}

static int bind(sqlite3_stmt *st, const char *format, va_list *args)
{
    int rc = SQLITE_OK;

    for (int i = 1; *format != '\0' && rc == SQLITE_OK; format++, i++) {
        const char *text;
        int64_t number;

        switch (*format) {
        case 't':
            rc = sqlite3_bind_text(st, i, va_arg(*args, const char *), -1, SQLITE_STATIC);
            break;
        case 'b':
            text = va_arg(*args, const char *);
            rc = sqlite3_bind_text(st, i, text, (int)va_arg(*args, size_t), SQLITE_STATIC);
            break;
        default:
            number = va_arg(*args, int64_t);
            rc = *format == 'o' && number == 0 ? sqlite3_bind_null(st, i)
                                               : sqlite3_bind_int64(st, i, number);
        }
    }
    return rc;
}

static int step(struct store *s, sqlite3_stmt **row, enum statement which, const char *format,
                va_list *args)
{
    sqlite3_stmt *st = store_statement(s, which);
    int rc;

    if (st == NULL)
        return sqlite3_extended_errcode(s->db);
    rc = bind(st, format, args);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(st);
    if (rc == SQLITE_ROW && row != NULL) {
        *row = st;
        return rc;
    }
    sqlite3_reset(st);
    return rc == SQLITE_DONE || rc == SQLITE_ROW ? SQLITE_OK : rc;
}

int store_step(struct store *s, sqlite3_stmt **row, enum statement which, const char *format, ...)
{
    va_list args;
    int rc;

    va_start(args, format);
    rc = step(s, row, which, format, &args);
    va_end(args);
    return rc;
}

int store_run(struct store *s, enum statement which, const char *format, ...)
{
    va_list args;
    int rc;

    va_start(args, format);
    rc = step(s, NULL, which, format, &args);
    va_end(args);
    return rc;
}

/* ---- transactions ---- */

int store_begin(struct store *s, bool *has_changed)
{
    sqlite3_stmt *row;
    int64_t version = 0;
    int rc = store_run(s, SQL_BEGIN_WRITE, "");

    if (rc != SQLITE_OK)
        return rc;
    rc = store_step(s, &row, SQL_DATA_VERSION, "");
    if (rc == SQLITE_ROW) {
        version = sqlite3_column_int64(row, 0);
        sqlite3_reset(row);
        rc = SQLITE_OK;
    }
    if (rc != SQLITE_OK)
        store_rollback(s);
    *has_changed = version != s->data_version;
    s->data_version = version;
    return rc;
}

int store_commit(struct store *s)
{
    return store_run(s, SQL_COMMIT, "");
}

void store_rollback(struct store *s)
{
    if (sqlite3_get_autocommit(s->db) == 0)
        (void)store_run(s, SQL_ROLLBACK, "");
}
