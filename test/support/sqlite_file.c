#include "support/cm.h"
#include "support/sqlite_file.h"

#include <dirent.h>
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
        if (entry->d_name[0] != '.')
            unlink(file);
    }
    closedir(dir);
    assert_int_equal(rmdir(folder), 0);
}
