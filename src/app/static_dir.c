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
    char folder[PATH_SIZE], path[PATH_SIZE + 64];

    if (chosen != NULL && chosen[0] != '\0')
        return mem_strdup(chosen);
    executable_folder(folder);
    if (strcmp(folder, HUBBUB_BUILD_DIR) == 0)
        return mem_strdup(HUBBUB_SOURCE_STATIC_DIR);
    snprintf(path, sizeof path, "%s/../share/hubbub/static", folder);
    if (has_index(path))
        return mem_strdup(path);
    if (has_index(HUBBUB_INSTALL_STATIC_DIR))
        return mem_strdup(HUBBUB_INSTALL_STATIC_DIR);
    log_error("static_dir_not_found",
              "looked_in=\"%s %s\" hint=\"say where index.html is with --static-dir\"", path,
              HUBBUB_INSTALL_STATIC_DIR);
    return NULL;
}
