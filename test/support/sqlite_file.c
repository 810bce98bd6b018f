#include "support/cm.h"
#include "support/sqlite_file.h"
#include "journal/sqlite_tokenizer.h"

#include <dirent.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char name[] = "/hubbub.db";

void sqlite_file_choose(char path[SQLITE_FILE_PATH])
{
    strcpy(path, "/tmp/hubbub-journal-XXXXXX");
    assert_non_null(mkdtemp(path));
    strcat(path, name);
}

void sqlite_file_remove(const char *path)
{
    char folder[SQLITE_FILE_PATH], file[2 * SQLITE_FILE_PATH + 256];
    struct dirent *entry;
    DIR *dir;

    snprintf(folder, sizeof folder, "%.*s", (int)(strlen(path) - strlen(name)), path);
    dir = opendir(folder);
    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL) {
        snprintf(file, sizeof file, "%s/%s", folder, entry->d_name);
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlink(file);
    }
    closedir(dir);
    assert_int_equal(rmdir(folder), 0);
}

char journal_path[SQLITE_FILE_PATH];

int journal_path_setup(void **state)
{
    (void)state;
    sqlite_file_choose(journal_path);
    return 0;
}

int journal_path_teardown(void **state)
{
    (void)state;
    sqlite_file_remove(journal_path);
    return 0;
}

/* ---- what is in them ---- */

static sqlite3 *open_file(const char *path)
{
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 10000);
    assert_int_equal(tokenizer_register(db), SQLITE_OK);
    return db;
}

void sqlite_file_run(const char *path, const char *sql)
{
    sqlite3 *db = open_file(path);
    char *message = NULL;

    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

int64_t sqlite_file_number(const char *path, const char *sql)
{
    sqlite3 *db = open_file(path);
    sqlite3_stmt *st = NULL;
    int64_t number;

    if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    number = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return number;
}

void sqlite_file_check_words(const char *path)
{
    sqlite_file_run(path, "INSERT INTO words(words, rank) VALUES('integrity-check', 1)");
}

/* ---- what is logged ---- */

static int stderr_before, caught[2];

/* A pipe has room for 64 KB, even when no file may grow. */
enum { LOG_PATIENCE_MS = 30000 };

void log_catch(void)
{
    assert_int_equal(pipe2(caught, O_NONBLOCK | O_CLOEXEC), 0);
    stderr_before = dup(STDERR_FILENO);
    dup2(caught[1], STDERR_FILENO);
    close(caught[1]);
}

const char *log_caught(void)
{
    static char text[65536];
    ssize_t length = read(caught[0], text, sizeof text - 1);

    dup2(stderr_before, STDERR_FILENO);
    close(stderr_before);
    close(caught[0]);
    text[length > 0 ? length : 0] = '\0';
    return text;
}

void log_await(const char *words)
{
    char text[4096] = "";
    size_t length = 0;
    struct pollfd readable = {.fd = caught[0], .events = POLLIN};

    while (strstr(text, words) == NULL && length < sizeof text - 1) {
        ssize_t n;

        if (poll(&readable, 1, LOG_PATIENCE_MS) != 1)
            break;
        n = read(caught[0], text + length, sizeof text - 1 - length);
        length += n > 0 ? (size_t)n : 0;
        text[length] = '\0';
    }
    log_caught();
    if (strstr(text, words) == NULL)
        fail_msg("waited for \"%s\" in:\n%s", words, text);
}

void log_expect(const char *const *words, int count)
{
    const char *text = log_caught();

    for (int i = 0; i < count; i++)
        if (strstr(text, words[i]) == NULL)
            fail_msg("expected \"%s\" in:\n%s", words[i], text);
}
