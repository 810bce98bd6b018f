/* A place for a journal's file, for unit tests. */
#ifndef HUBBUB_TEST_SQLITE_FILE_H
#define HUBBUB_TEST_SQLITE_FILE_H

enum { SQLITE_FILE_PATH = 64 };

/* Makes a folder and names a file in it that is not there yet. */
void sqlite_file_choose(char path[SQLITE_FILE_PATH]);
/* Removes the folder with all in it. */
void sqlite_file_remove(const char *path);

#endif
