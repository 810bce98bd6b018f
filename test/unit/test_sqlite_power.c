/* What is left of a journal's file when the power goes: the bytes that were synchronised, and no others. */
#include "support/cm.h"
#include "support/sqlite_file.h"
#include "journal/sqlite_store.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static off_t log_on_disk; /* the size that the log had when it was synchronised last */
static int log_syncs;

/* ---- instead of the C library's, for SQLite ---- */

static int note_sync(int fd)
{
    static const char log[] = "hubbub.db-wal";
    char link[64], name[256];
    struct stat st;
    ssize_t length;

    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    length = readlink(link, name, sizeof name);
    if (length > (ssize_t)strlen(log) && fstat(fd, &st) == 0 &&
        strncmp(name + length - strlen(log), log, strlen(log)) == 0) {
        log_on_disk = st.st_size;
        log_syncs++;
    }
    return (int)syscall(SYS_fdatasync, fd);
}

int fsync(int fd)
{
    return note_sync(fd);
}

int fdatasync(int fd)
{
    return note_sync(fd);
}

/* ---- tests ---- */

static void copy(const char *from, const char *to, off_t size)
{
    static char bytes[1 << 20];
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    size_t count;

    assert_non_null(in);
    assert_non_null(out);
    count = fread(bytes, 1, sizeof bytes, in);
    if ((off_t)count > size)
        count = (size_t)size;
    assert_int_equal(fwrite(bytes, 1, count, out), count);
    fclose(in);
    fclose(out);
}

/* Whether a start that the power ends reads in the file that the last one was clean and in this one's boot. */
static void expect_note(bool is_full)
{
    char left[2 * SQLITE_FILE_PATH], log[2 * SQLITE_FILE_PATH], left_log[3 * SQLITE_FILE_PATH];
    struct store *s;

    log_on_disk = log_syncs = 0;
    s = store_open(journal_path, STORE_SERVE, is_full);
    assert_non_null(s);
    snprintf(left, sizeof left, "%s.left", journal_path);
    snprintf(log, sizeof log, "%s-wal", journal_path);
    snprintf(left_log, sizeof left_log, "%s-wal", left);
    copy(journal_path, left, 1 << 20);
    copy(log, left_log, log_on_disk);
    assert_int_equal(sqlite_file_number(left, "SELECT value FROM meta WHERE name = 'is_clean'"), 0);
    assert_int_equal(sqlite_file_number(left, "SELECT length(value) > 1 FROM meta"
                                              " WHERE name = 'boot'"),
                     !is_full);
    assert_int_equal(sqlite_file_number(left, "SELECT value FROM meta WHERE name = 'epoch'"),
                     (int64_t)s->epoch);
    assert_int_equal(unlink(left), 0);
    unlink(left_log);
    store_close(s);
}

static void a_start_is_on_the_disk_before_it_serves(void **state)
{
    (void)state;
    expect_note(false);
    expect_note(false);
    expect_note(true);
}

/* After another start of the machine the numbering is another one, and that is on the disk too. */
static void a_new_epoch_is_on_the_disk_before_it_serves(void **state)
{
    int64_t before;

    (void)state;
    expect_note(false);
    before = sqlite_file_number(journal_path, "SELECT value FROM meta WHERE name = 'epoch'");
    sqlite_file_run(journal_path, "UPDATE meta SET value = 0 WHERE name = 'is_clean';"
                                  "UPDATE meta SET value = 'x' WHERE name = 'boot'");
    log_catch();
    expect_note(false);
    LOG_EXPECT("info journal_epoch");
    assert_int_not_equal(
        sqlite_file_number(journal_path, "SELECT value FROM meta WHERE name = 'epoch'"), before);
}

/* What is said later is not waited for, unless the operator wants it. */
static void later_commits_wait_for_the_disk_as_configured(void **state)
{
    (void)state;
    for (int is_full = 0; is_full < 2; is_full++) {
        struct store *s = store_open(journal_path, STORE_SERVE, is_full != 0);
        bool has_changed;

        assert_non_null(s);
        log_syncs = 0;
        assert_int_equal(store_begin(s, &has_changed), SQLITE_OK);
        /* not twice the same, which some builds of SQLite do not write */
        assert_int_equal(store_run(s, is_full ? SQL_PROBE_REMOVE : SQL_PROBE_ADD, ""), SQLITE_OK);
        assert_int_equal(store_commit(s), SQLITE_OK);
        assert_int_equal(log_syncs, is_full);
        store_close(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        JOURNAL_PATH_TEST(a_start_is_on_the_disk_before_it_serves),
        JOURNAL_PATH_TEST(a_new_epoch_is_on_the_disk_before_it_serves),
        JOURNAL_PATH_TEST(later_commits_wait_for_the_disk_as_configured),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
