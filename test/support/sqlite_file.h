/* Journal files for unit tests: places for them, what is in them, and what was logged about them. */
#ifndef HUBBUB_TEST_SQLITE_FILE_H
#define HUBBUB_TEST_SQLITE_FILE_H

#include <stdint.h>

enum { SQLITE_FILE_PATH = 64 };

/* Makes a folder and names a file in it that is not there yet. */
void sqlite_file_choose(char path[SQLITE_FILE_PATH]);
/* Removes the folder with all in it. */
void sqlite_file_remove(const char *path);

/* For tests that need one such place at a time: where it is, and the fixture that makes and removes it. */
extern char journal_path[SQLITE_FILE_PATH];
int journal_path_setup(void **state);
int journal_path_teardown(void **state);
#define JOURNAL_PATH_TEST(f)                                                                       \
    cmocka_unit_test_setup_teardown(f, journal_path_setup, journal_path_teardown)

/* Runs SQL on a connection of its own; the last is for one number. */
void sqlite_file_run(const char *path, const char *sql);
int64_t sqlite_file_number(const char *path, const char *sql);
/* The index of words is that of the messages that are there. */
void sqlite_file_check_words(const char *path);

/* What is logged between the two; the result is valid until the next. */
void log_catch(void);
const char *log_caught(void);
/* Waits until the words are logged; ends the catch. */
void log_await(const char *words);
/* Fails unless all words are in what was caught. */
void log_expect(const char *const *words, int count);
#define LOG_EXPECT(...)                                                                            \
    log_expect((const char *const[]){__VA_ARGS__},                                                 \
               (int)(sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)))

#endif
