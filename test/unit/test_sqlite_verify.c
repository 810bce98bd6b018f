#include "support/cm.h"
#include "support/journal_rig.h"
#include "support/sqlite_file.h"
#include "journal/sqlite_append.h"
#include "journal/sqlite_backup.h"
#include "journal/sqlite_file.h"
#include "journal/sqlite_schema.h"
#include "journal/sqlite_tokenizer.h"
#include "journal/sqlite_verify.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void keep(struct appender *a, struct event *e)
{
    e->ts = 1000 + a->store->epoch % 7;
    assert_int_equal(append_event(a, e), SQLITE_OK);
    assert_int_equal(e->outcome, OK);
}

/* A file with a bit of everything, which nobody has open. */
static int setup(void **state)
{
    struct username *ann = rig_user("ann"), *bob = rig_user("bob");
    struct appender a = {.store = NULL};
    struct event *e = rig_message("tea", ann, "first of all"), *other;

    (void)state;
    journal_path_setup(state);
    a.store = store_open(journal_path, STORE_SERVE, false);
    assert_int_equal(append_begin(&a), SQLITE_OK);
    keep(&a, e);
    for (int i = 0; i < 5; i++) {
        other = rig_message(i % 2 == 0 ? "tea" : "milk", bob, "more of it");
        keep(&a, other);
        event_unref(&other);
    }
    other = rig_react("tea", bob, e->id, "x", true);
    keep(&a, other);
    event_unref(&other);
    assert_int_equal(append_commit(&a), SQLITE_OK);
    assert_int_equal(append_index(&a), SQLITE_OK);
    append_end(&a);
    store_close(a.store);
    event_unref(&e);
    username_unref(&ann);
    username_unref(&bob);
    return 0;
}

static char told[4096];

static void note(void *arg, const char *sentence)
{
    size_t length = strlen(told);

    (void)arg;
    snprintf(told + length, sizeof told - length, "%s\n", sentence);
}

static struct verify_result verify(void)
{
    struct verify_result result;

    told[0] = '\0';
    assert_true(verify_file(journal_path, &result, note, NULL));
    return result;
}

static void a_file_that_is_whole_is_said_to_be(void **state)
{
    struct verify_result result = verify();
    struct store *s;

    (void)state;
    assert_int_equal(result.faults, 0);
    assert_string_equal(told, "");
    assert_int_equal(result.rooms, 2);
    assert_int_equal(result.events, 7);
    assert_int_equal(result.messages, 6);
    s = store_open(journal_path, STORE_SERVE, false);
    result = verify(); /* in a copy */
    assert_int_equal(result.faults, 0);
    assert_int_equal(result.events, 7);
    store_close(s);
}

static const struct {
    const char *damage, *fault;
} damages[] = {
    {"DELETE FROM events WHERE seq = 2 AND room = 1", "room tea: 4 events are there where 1 to 5"},
    {"UPDATE rooms SET seq = 9 WHERE name = 'tea'", "room tea: 5 events are there where 1 to 9"},
    {"UPDATE rooms SET oldest = 3 WHERE name = 'tea'", "room tea: 5 events are there where 3 to 5"},
    {"UPDATE events SET seq = 7 WHERE seq = 2 AND room = 1", "room tea: 5 events"},
    {"UPDATE events SET ts = ts + 1 WHERE seq = 1 AND room = 1", "room tea: the time goes back at"},
    {"UPDATE events SET user = 77 WHERE n = 3", "event 3: it is of an unknown room or user"},
    {"UPDATE reactions SET message = 5", "reaction 1: its message is not there"},
    {"UPDATE events SET body = 'other words' WHERE n = 3", "the index of words"},
    {"INSERT INTO words(words, rowid, body, room) VALUES('delete', 3, 'more of it', 'r1')",
     "the index of words"},
    {"UPDATE events SET flag = 1 WHERE n = 3", "message 3: deleted, but its text is there"},
    /* an index that lacks what it should have */
    {"PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'type = 1', 'type = "
     "0')"
     " WHERE name = 'events_edits'",
     "the file: "},
};

static void each_damage_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        sqlite_file_run(journal_path, damages[i].damage);
        assert_int_not_equal(verify().faults, 0);
        if (strstr(told, damages[i].fault) == NULL)
            fail_msg("expected \"%s\" after \"%s\" in:\n%s", damages[i].fault, damages[i].damage,
                     told);
        journal_path_teardown(NULL);
        setup(NULL);
    }
}

/* Where in the file the text is; the page that it is in is then overwritten. */
static void damage_page_with(const char *text)
{
    static char bytes[1 << 20];
    int fd = open(journal_path, O_RDWR | O_CLOEXEC);
    ssize_t length = read(fd, bytes, sizeof bytes);
    const char *found = memmem(bytes, (size_t)length, text, strlen(text));
    off_t page;

    assert_non_null(found);
    page = (found - bytes) / 4096 * 4096;
    memset(bytes, 0xa5, 4096);
    assert_int_equal(pwrite(fd, bytes, 4096, page), 4096);
    close(fd);
}

/* Long messages, so that each room's are in pages of their own; who knows them is elsewhere. */
static void whose_events_are_lost_is_said(void **state)
{
    static char body[10000];
    struct appender a = {.store = store_open(journal_path, STORE_SERVE, false)};
    struct username *ann = rig_user("ann");

    (void)state;
    assert_int_equal(append_begin(&a), SQLITE_OK);
    for (int i = 0; i < 300; i++) {
        struct event *e;

        snprintf(body, sizeof body, "number %d %0200d", i, i);
        e = rig_message(i < 150 ? "tea" : "milk", ann, body);
        keep(&a, e);
        event_unref(&e);
    }
    assert_int_equal(append_commit(&a), SQLITE_OK);
    append_end(&a);
    store_close(a.store);
    username_unref(&ann);
    damage_page_with("number 75 ");
    assert_int_not_equal(verify().faults, 0);
    assert_non_null(strstr(told, "the file: "));
    assert_non_null(strstr(told, "room tea: "));
    assert_non_null(strstr(told, " cannot be read"));
    assert_null(strstr(told, "room milk"));
    damage_page_with("number 225 ");
    verify();
    assert_non_null(strstr(told, "room tea: "));
    assert_non_null(strstr(told, "room milk: "));
}

static void a_backup_is_one_file_and_whole(void **state)
{
    char copy[SQLITE_FILE_PATH + 8], beside[SQLITE_FILE_PATH + 16];
    struct store *s = store_open(journal_path, STORE_SERVE, false);

    (void)state;
    snprintf(copy, sizeof copy, "%s.copy", journal_path);
    snprintf(beside, sizeof beside, "%s-wal", copy);
    assert_true(backup_make(journal_path, copy));
    assert_int_not_equal(access(beside, F_OK), 0);
    assert_int_equal(sqlite_file_number(copy, "SELECT count(*) FROM events"), 7);
    assert_int_equal(sqlite_file_number(copy, "SELECT value FROM meta WHERE name = 'is_clean'"), 1);
    assert_int_equal(
        sqlite_file_number(journal_path, "SELECT value FROM meta WHERE name = 'is_clean'"), 0);
    log_catch();
    assert_false(backup_make(journal_path, copy));
    LOG_EXPECT("there is such a file");
    store_close(s);
}

static void a_backup_of_an_earlier_version_is_of_that_version(void **state)
{
    const struct schema first = {schema_current.steps, 1};
    char copy[SQLITE_FILE_PATH + 8];
    struct store *s;
    sqlite3 *db;

    (void)state;
    sqlite_file_remove(journal_path);
    sqlite_file_choose(journal_path);
    snprintf(copy, sizeof copy, "%s.copy", journal_path);
    log_catch();
    assert_int_equal(sqlite3_open(journal_path, &db), SQLITE_OK);
    assert_int_equal(tokenizer_register(db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL), SQLITE_OK);
    assert_false(backup_make(journal_path, copy));
    LOG_EXPECT("nothing is in it");
    assert_int_equal(schema_migrate(db, &first, 0), SQLITE_OK);
    sqlite3_close(db);
    assert_true(backup_make(journal_path, copy));
    assert_int_equal(sqlite_file_number(copy, "PRAGMA user_version"), 1);
    assert_int_equal(sqlite_file_number(journal_path, "PRAGMA user_version"), 1);
    s = store_open(copy, STORE_SERVE, false);
    assert_non_null(s);
    store_close(s);
}

/* ---- interrupted ---- */

static int signal_to_come;

/* SQLite calls it for each connection: the one to a copy is interrupted, with files beside it. */
static int interrupt_copy(sqlite3 *db, char **error, const void *api)
{
    const char *file = sqlite3_db_filename(db, "main");
    char beside[4096];

    (void)error;
    (void)api;
    if (strstr(file, ".partial-") == NULL && strstr(file, ".verify-") == NULL)
        return SQLITE_OK;
    if (access(file, F_OK) != 0)
        _exit(2);
    snprintf(beside, sizeof beside, "%s-journal", file);
    fclose(fopen(beside, "w"));
    raise(signal_to_come);
    return SQLITE_OK;
}

static int make_backup(const char *copy)
{
    return backup_make(journal_path, copy) ? 0 : 1;
}

static int make_verification(const char *copy)
{
    struct verify_result result;

    (void)copy;
    return verify_file(journal_path, &result, note, NULL) ? 0 : 1;
}

/* In a process of its own; returns how that ended, as waitpid tells. */
static int interrupt(int (*run)(const char *copy), const char *copy, int number)
{
    int status = 0;
    pid_t child = fork();

    assert_int_not_equal(child, -1);
    if (child == 0) {
        signal_to_come = number;
        sqlite3_auto_extension((void (*)(void))interrupt_copy);
        _exit(run(copy));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

/* Files beside the journal's own. */
static int leftovers(void)
{
    char folder[SQLITE_FILE_PATH];
    struct dirent *entry;
    int count = 0;
    DIR *dir;

    snprintf(folder, sizeof folder, "%s", journal_path);
    *strrchr(folder, '/') = '\0';
    dir = opendir(folder);
    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL)
        count += strstr(entry->d_name, ".partial-") != NULL ||
                 strstr(entry->d_name, ".verify-") != NULL ||
                 strstr(entry->d_name, ".copy") != NULL;
    closedir(dir);
    return count;
}

static void an_interruption_leaves_no_copy(void **state)
{
    static const int numbers[] = {SIGHUP, SIGINT, SIGPIPE, SIGTERM};
    char copy[SQLITE_FILE_PATH + 8];
    int lock = file_lock(journal_path), status;

    (void)state;
    snprintf(copy, sizeof copy, "%s.copy", journal_path);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        signal(numbers[i], SIG_DFL); /* nohup has had it ignored */
        status = interrupt(make_backup, copy, numbers[i]);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == numbers[i]);
        assert_int_equal(leftovers(), 0);
        status = interrupt(make_verification, copy, numbers[i]);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == numbers[i]);
        assert_int_equal(leftovers(), 0);
    }
    close(lock);
}

static void what_ignores_a_signal_goes_on_to(void **state)
{
    char copy[SQLITE_FILE_PATH + 8];
    int status;

    (void)state;
    snprintf(copy, sizeof copy, "%s.copy", journal_path);
    signal(SIGHUP, SIG_IGN);
    status = interrupt(make_backup, copy, SIGHUP);
    signal(SIGHUP, SIG_DFL);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_int_equal(sqlite_file_number(copy, "SELECT count(*) FROM events"), 7);
}

static void count_leftovers(void *arg, const char *sentence)
{
    (void)sentence;
    *(int *)arg = leftovers();
}

static void the_copy_that_is_verified_has_no_name(void **state)
{
    struct verify_result result;
    int lock, count = -1;

    (void)state;
    sqlite_file_run(journal_path, "UPDATE events SET user = 77 WHERE n = 3");
    lock = file_lock(journal_path);
    assert_true(verify_file(journal_path, &result, count_leftovers, &count));
    assert_int_equal(result.faults, 1);
    assert_int_equal(count, 0);
    close(lock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_that_is_whole_is_said_to_be, setup,
                                        journal_path_teardown),
        cmocka_unit_test_setup_teardown(each_damage_is_found, setup, journal_path_teardown),
        cmocka_unit_test_setup_teardown(whose_events_are_lost_is_said, setup,
                                        journal_path_teardown),
        cmocka_unit_test_setup_teardown(a_backup_is_one_file_and_whole, setup,
                                        journal_path_teardown),
        cmocka_unit_test_setup_teardown(a_backup_of_an_earlier_version_is_of_that_version, setup,
                                        journal_path_teardown),
        cmocka_unit_test_setup_teardown(an_interruption_leaves_no_copy, setup,
                                        journal_path_teardown),
        cmocka_unit_test_setup_teardown(what_ignores_a_signal_goes_on_to, setup,
                                        journal_path_teardown),
        cmocka_unit_test_setup_teardown(the_copy_that_is_verified_has_no_name, setup,
                                        journal_path_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
