#include "app/static_dir.h"
#include "base/log.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

enum { PATH_SIZE = 4096 };

/* The folder of this executable, without a slash at its end; "" if the system does not tell. */
static void executable_folder(char out[PATH_SIZE])
{
    ssize_t length = readlink("/proc/self/exe", out, PATH_SIZE - 1);
    char *slash;

    out[length > 0 ? length : 0] = '\0';
    slash = strrchr(out, '/');
    if (slash != NULL)
        *slash = '\0';
}

static bool has_index(const char *folder)
{
    char path[PATH_SIZE + 128];

    snprintf(path, sizeof path, "%s/index.html", folder);
    return access(path, R_OK) == 0;
}

char *static_dir_find(const char *chosen)
{
    static const char *const beside[] = {"/static", "/../static", "/../share/hubbub/static"};
    static const char *const fixed[] = {HUBBUB_INSTALL_STATIC_DIR, HUBBUB_SOURCE_STATIC_DIR};
    char folder[PATH_SIZE], path[PATH_SIZE + 64];

    if (chosen != NULL && chosen[0] != '\0')
        return mem_strdup(chosen);
    executable_folder(folder);
    for (size_t i = 0; i < sizeof beside / sizeof *beside; i++) {
        snprintf(path, sizeof path, "%s%s", folder, beside[i]);
        if (has_index(path))
            return mem_strdup(path);
    }
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        if (has_index(fixed[i]))
            return mem_strdup(fixed[i]);
    log_error("static_dir_not_found",
              "looked_in=\"%s/{static,../static,../share/hubbub/static} %s %s\" "
              "hint=\"say where index.html is with --static-dir\"",
              folder, fixed[0], fixed[1]);
    return NULL;
}
