#include "app/state_dir.h"
#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char *join(const char *folder, const char *name)
{
    size_t size = strlen(folder) + strlen(name) + 1;
    char *path = mem_alloc(size);

    snprintf(path, size, "%s%s", folder, name);
    return path;
}

static bool is_set(const char *text)
{
    return text != NULL && text[0] != '\0';
}

static char *choose(const char *chosen)
{
    const char *of_service = getenv("STATE_DIRECTORY"), *home = getenv("HOME");
    const char *of_user = getenv("XDG_STATE_HOME");

    if (is_set(chosen))
        return mem_strdup(chosen);
    if (is_set(of_service)) { /* a list, if the unit names several */
        char *first = mem_strdup(of_service);

        first[strcspn(first, ":")] = '\0';
        return first;
    }
    if (is_set(of_user) &&
        of_user[0] == '/') /* a relative one is invalid, says its specification */
        return join(of_user, "/hubbub");
    if (is_set(home))
        return join(home, "/.local/state/hubbub");
    log_error("no_state_dir", "hint=\"$HOME is not set: name a folder with state_dir\"");
    return NULL;
}

/* As mkdir -p; each folder that is missing is for its owner alone. */
static bool make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        bool is_fine;

        *slash = '\0';
        is_fine = mkdir(path, 0700) == 0 || errno == EEXIST || errno == EROFS || errno == EACCES;
        *slash = '/';
        if (!is_fine)
            return false;
    }
    return mkdir(path, 0700) == 0 || errno == EEXIST;
}

char *state_dir_find(const char *chosen, bool must_exist)
{
    char *path = choose(chosen), quoted[512];
    struct stat st;

    if (path == NULL)
        return NULL;
    if ((must_exist || make_folders(path)) && stat(path, &st) == 0) {
        if (S_ISDIR(st.st_mode))
            return path;
        errno = ENOTDIR;
    }
    log_error(
        "state_dir",
        "path=%s reason=\"%s\" hint=\"name a folder that this user may write to with state_dir\"",
        log_quote(quoted, sizeof quoted, path, strlen(path)), strerror(errno));
    mem_free(path);
    return NULL;
}

char *state_dir_journal(const char *state_dir)
{
    return join(state_dir, "/hubbub.db");
}
