#include "support/cm.h"
#include "support/sqlite_file.h"
#include "journal/sqlite.h"
#include "journal/sqlite_file.h"
#include "journal/sqlite_schema.h"
#include "journal/sqlite_store.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void close_again(struct store *s)
{
    assert_non_null(s);
    store_close(s);
}

/* ---- the bytes of the file ---- */

enum { BYTES_MAX = 1 << 20 };

struct bytes {
    char at[BYTES_MAX];
    size_t count;
};

static void read_bytes(struct bytes *b)
{
    FILE *file = fopen(journal_path, "rb");

    assert_non_null(file);
    b->count = fread(b->at, 1, BYTES_MAX, file);
    fclose(file);
}

static void write_bytes(const void *bytes, size_t count)
{
    FILE *file = fopen(journal_path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, count, file), count);
    fclose(file);
}

/* Nobody can open it, is told so in these words, and not a byte of it is changed. */
static void expect_refusal(const char *reason, const char *hint)
{
    static const enum store_use uses[] = {STORE_SERVE, STORE_WRITE, STORE_READ, STORE_LOOK};
    static struct bytes before, after;

    read_bytes(&before);
    for (size_t i = 0; i < sizeof uses / sizeof *uses; i++) {
        log_catch();
        assert_null(store_open(journal_path, uses[i], false));
        LOG_EXPECT("error journal_refused path=\"", journal_path, reason, hint);
    }
    log_catch();
    assert_false(sqlite_journal_check(journal_path));
    LOG_EXPECT(reason, hint);
    read_bytes(&after);
    assert_int_equal(after.count, before.count);
    assert_memory_equal(after.at, before.at, before.count);
}

/* ---- what is made ---- */

static void a_new_file_is_for_its_owner_and_has_an_epoch_of_its_own(void **state)
{
    uint64_t epochs[2];
    struct stat st;

    (void)state;
    umask(022);
    for (int i = 0; i < 2; i++) {
        struct store *s = store_open(journal_path, STORE_SERVE, false);

        assert_non_null(s);
        assert_int_equal(stat(journal_path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0640);
        epochs[i] = s->epoch;
        assert_int_not_equal(s->epoch, 0);
        assert_int_equal(s->epoch >> 48, 0);
        store_close(s);
        s = store_open(journal_path, STORE_SERVE, false);
        assert_int_equal(s->epoch, epochs[i]);
        store_close(s);
        unlink(journal_path);
    }
    assert_int_not_equal(epochs[0], epochs[1]);
}

static void looking_makes_nothing(void **state)
{
    (void)state;
    assert_true(sqlite_journal_check(journal_path)); /* it can be made */
    assert_int_not_equal(access(journal_path, F_OK), 0);
    log_catch();
    assert_null(store_open(journal_path, STORE_READ, false));
    LOG_EXPECT("there is no such file");
    assert_int_not_equal(access(journal_path, F_OK), 0);
}

/* ---- what is refused ---- */

static void what_is_no_database_is_refused(void **state)
{
    static const char text[] = "Dear diary,\nthis is not a database but it matters to me.\n";
    char page[4096] = "SQLite format 3";

    (void)state;
    write_bytes(text, sizeof text);
    expect_refusal("not an SQLite database", "move it away");
    write_bytes("x", 1);
    expect_refusal("not an SQLite database", "move it away");
    write_bytes(page, sizeof page);
    expect_refusal("file is not a database", "move the file away");
}

static void anothers_database_is_refused(void **state)
{
    (void)state;
    sqlite_file_run(journal_path, "CREATE TABLE recipes(name); INSERT INTO recipes VALUES('tea')");
    expect_refusal("another application", "move it away");
    sqlite_file_run(journal_path, "PRAGMA user_version = 1; PRAGMA application_id = 77");
    expect_refusal("another application", "move it away");
}

static void a_file_of_a_later_version_is_refused(void **state)
{
    (void)state;
    close_again(store_open(journal_path, STORE_SERVE, false));
    sqlite_file_run(journal_path, "PRAGMA user_version = 99; PRAGMA journal_mode = DELETE");
    expect_refusal("later hubbub: version 99", "install that hubbub again");
}

static void a_file_is_served_by_one_at_a_time(void **state)
{
    struct store *s = store_open(journal_path, STORE_SERVE, false), *tool;

    (void)state;
    assert_non_null(s);
    assert_true(file_is_locked(journal_path));
    log_catch();
    assert_null(store_open(journal_path, STORE_SERVE, false));
    LOG_EXPECT("another hubbub serves it", "stop that one");
    tool = store_open(journal_path, STORE_READ, false);
    assert_int_equal(tool->epoch, s->epoch);
    store_close(tool);
    tool = store_open(journal_path, STORE_WRITE, false);
    close_again(tool);
    assert_true(sqlite_journal_check(journal_path));
    store_close(s);
    assert_false(file_is_locked(journal_path));
    close_again(store_open(journal_path, STORE_SERVE, false));
}

static void a_place_that_cannot_be_is_refused(void **state)
{
    char missing[2 * SQLITE_FILE_PATH];

    (void)state;
    snprintf(missing, sizeof missing, "%s/in/no/folder.db", journal_path);
    log_catch();
    assert_null(store_open(missing, STORE_SERVE, false));
    LOG_EXPECT("No such file or directory", "make its folder");
    assert_int_equal(mkdir(journal_path, 0700), 0);
    log_catch();
    assert_null(store_open(journal_path, STORE_SERVE, false));
    LOG_EXPECT("Is a directory", "it is a folder");
    rmdir(journal_path);
    assert_int_equal(mkfifo(journal_path, 0600), 0);
    log_catch();
    assert_null(store_open(journal_path, STORE_SERVE, false));
    LOG_EXPECT("it is no regular file");
}

/* In a process of its own, as somebody who may do nothing there; returns what it logged. */
static void expect_refusal_to_strangers(const char *reason, const char *hint)
{
    int status = 0;
    pid_t child;

    log_catch();
    child = fork();
    if (child == 0) {
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
            _exit(2);
        _exit(store_open(journal_path, STORE_SERVE, false) == NULL ? 0 : 1);
    }
    waitpid(child, &status, 0);
    LOG_EXPECT(reason, hint);
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void a_file_that_may_not_be_written_is_refused(void **state)
{
    char folder[SQLITE_FILE_PATH], lock[SQLITE_FILE_PATH + 8];

    (void)state;
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(journal_path, '/') - journal_path),
             journal_path);
    snprintf(lock, sizeof lock, "%s.lock", journal_path);
    close_again(store_open(journal_path, STORE_SERVE, false));
    chmod(journal_path, 0444);
    chmod(lock, 0444);
    chmod(folder, 0555);
    expect_refusal_to_strangers("Permission denied", "the right to read and write");
    chmod(folder, 0777);
    chmod(lock, 0666);
    expect_refusal_to_strangers("Permission denied", "the right to read and write");
    chmod(journal_path, 0);
    expect_refusal_to_strangers("Permission denied", "the right to read and write");
    chmod(folder, 0700);
}

/* ---- how the last one ended ---- */

/* Serves the file in a process that is gone all of a sudden. */
static void crash(void)
{
    pid_t child = fork();

    if (child == 0)
        _exit(store_open(journal_path, STORE_SERVE, false) != NULL ? 0 : 1);
    waitpid(child, NULL, 0);
}

static void a_stop_that_was_not_clean_is_noticed(void **state)
{
    struct store *s;

    (void)state;
    s = store_open(journal_path, STORE_SERVE, false);
    assert_true(s->was_clean);
    store_close(s);
    crash();
    log_catch();
    s = store_open(journal_path, STORE_SERVE, false);
    LOG_EXPECT("journal_check");
    assert_false(s->was_clean);
    store_close(s);
    s = store_open(journal_path, STORE_SERVE, false);
    assert_true(s->was_clean);
    store_close(s);
}

static void a_damaged_file_is_refused_after_such_a_stop(void **state)
{
    static struct bytes b, now;
    int64_t root;

    (void)state;
    close_again(store_open(journal_path, STORE_SERVE, false));
    root = sqlite_file_number(journal_path,
                              "SELECT rootpage FROM sqlite_schema WHERE name = 'words_data'");
    sqlite_file_run(journal_path, "PRAGMA journal_mode = DELETE; UPDATE meta SET value = 0"
                                  " WHERE name = 'is_clean'; INSERT INTO users(name, key)"
                                  " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
                                  " WHERE i < 2000) SELECT 'user ' || i, 'key ' || i FROM n");
    read_bytes(&b);
    memset(b.at + b.count - 8192, 0x5a, 4096);
    write_bytes(b.at, b.count);
    log_catch();
    assert_null(store_open(journal_path, STORE_SERVE, false));
    LOG_EXPECT("journal_refused", "the file is damaged", "put back a backup");
    /* nor is an index of words made anew beside other damage */
    read_bytes(&b);
    memset(b.at + 4096 * (root - 1), 0x5a, 4096);
    write_bytes(b.at, b.count);
    log_catch();
    assert_null(store_open(journal_path, STORE_SERVE, false));
    LOG_EXPECT("journal_index_damaged", "journal_refused", "the file is damaged");
    read_bytes(&now);
    assert_int_equal(now.count, b.count);
    assert_memory_equal(now.at, b.at, b.count);
}

/* ---- the machine goes down ---- */

static uint64_t epoch_after(const char *sql, bool is_full)
{
    struct store *s;
    uint64_t epoch;

    sqlite_file_run(journal_path, sql);
    s = store_open(journal_path, STORE_SERVE, is_full);
    assert_non_null(s);
    epoch = s->epoch;
    store_close(s);
    return epoch;
}

/* Else clients would take new messages for those that they saw and the file lost. */
static void what_may_have_lost_its_end_has_another_epoch(void **state)
{
    uint64_t epoch;

    (void)state;
    store_close(store_open(journal_path, STORE_SERVE, false));
    epoch = epoch_after("SELECT 1", false);
    assert_int_equal(epoch_after("UPDATE meta SET value = 0 WHERE name = 'is_clean'", false),
                     epoch);
    assert_int_equal(epoch_after("UPDATE meta SET value = 'x' WHERE name = 'boot'", false), epoch);
    assert_int_not_equal(epoch_after("UPDATE meta SET value = 0 WHERE name = 'is_clean';"
                                     "UPDATE meta SET value = 'x' WHERE name = 'boot'",
                                     true),
                         epoch);
    /* what was synchronised in full has lost nothing */
    epoch = epoch_after("SELECT 1", true);
    assert_int_equal(epoch_after("UPDATE meta SET value = 0 WHERE name = 'is_clean'", false),
                     epoch);
}

/* ---- versions ---- */

static void a_file_of_an_earlier_version_is_brought_up_to_date(void **state)
{
    static const char *const steps[] = {"CREATE TABLE a(x); INSERT INTO a VALUES(1)",
                                        "ALTER TABLE a ADD COLUMN y DEFAULT 2",
                                        "UPDATE a SET y = 3"};
    const struct schema first = {steps, 1}, third = {steps, 3};
    enum schema_kind kind;
    int version;
    sqlite3 *db;

    (void)state;
    assert_int_equal(sqlite3_open(journal_path, &db), SQLITE_OK);
    schema_identify(db, &first, &kind, &version);
    assert_int_equal(kind, SCHEMA_NEW);
    assert_int_equal(schema_migrate(db, &first, 0), SQLITE_OK);
    schema_identify(db, &first, &kind, &version);
    assert_int_equal(kind, SCHEMA_SAME);
    schema_identify(db, &third, &kind, &version);
    assert_int_equal(kind, SCHEMA_OLDER);
    assert_int_equal(version, 1);
    assert_int_equal(schema_migrate(db, &third, version), SQLITE_OK);
    schema_identify(db, &third, &kind, &version);
    assert_int_equal(kind, SCHEMA_SAME);
    schema_identify(db, &first, &kind, &version);
    assert_int_equal(kind, SCHEMA_NEWER);
    sqlite3_close(db);
    assert_int_equal(sqlite_file_number(journal_path, "SELECT 10 * x + y FROM a"), 13);
}

static void a_step_that_fails_leaves_the_file_as_it_was(void **state)
{
    static const char *const steps[] = {"CREATE TABLE a(x); INSERT INTO a VALUES(1)",
                                        "UPDATE a SET x = 2", "UPDATE a SET no_such_column = 3"};
    const struct schema first = {steps, 1}, third = {steps, 3};
    sqlite3 *db;

    (void)state;
    assert_int_equal(sqlite3_open(journal_path, &db), SQLITE_OK);
    assert_int_equal(schema_migrate(db, &first, 0), SQLITE_OK);
    assert_int_not_equal(schema_migrate(db, &third, 1), SQLITE_OK);
    sqlite3_close(db);
    assert_int_equal(sqlite_file_number(journal_path, "SELECT x FROM a"), 1);
    assert_int_equal(sqlite_file_number(journal_path, "PRAGMA user_version"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        JOURNAL_PATH_TEST(a_new_file_is_for_its_owner_and_has_an_epoch_of_its_own),
        JOURNAL_PATH_TEST(looking_makes_nothing),
        JOURNAL_PATH_TEST(what_is_no_database_is_refused),
        JOURNAL_PATH_TEST(anothers_database_is_refused),
        JOURNAL_PATH_TEST(a_file_of_a_later_version_is_refused),
        JOURNAL_PATH_TEST(a_file_is_served_by_one_at_a_time),
        JOURNAL_PATH_TEST(a_place_that_cannot_be_is_refused),
        JOURNAL_PATH_TEST(a_file_that_may_not_be_written_is_refused),
        JOURNAL_PATH_TEST(a_stop_that_was_not_clean_is_noticed),
        JOURNAL_PATH_TEST(a_damaged_file_is_refused_after_such_a_stop),
        JOURNAL_PATH_TEST(what_may_have_lost_its_end_has_another_epoch),
        JOURNAL_PATH_TEST(a_file_of_an_earlier_version_is_brought_up_to_date),
        JOURNAL_PATH_TEST(a_step_that_fails_leaves_the_file_as_it_was),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
