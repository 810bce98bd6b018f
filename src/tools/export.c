#include "tools/tool.h"
#include "journal/sqlite_file.h"
#include "journal/sqlite_walk.h"
#include "tools/ndjson.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static bool export_event(void *arg, const struct event *e, const char *room)
{
    return line_write(arg, e, room);
}

/* A new file that only its owner reads, or standard output. */
static FILE *open_output(const char *file)
{
    int fd;

    if (file == NULL || strcmp(file, "-") == 0)
        return stdout;
    fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        file_log_refusal(file, strerror(errno),
                         "name a file that can be made and is not there yet");
        return NULL;
    }
    return fdopen(fd, "w");
}

int tool_export(const struct tool_call *call)
{
    struct walk w = {
        .room = call->room, .person = call->user, .since = call->since, .until = call->until};
    struct store *s = store_open(call->path, STORE_READ, false);
    FILE *out = s != NULL ? open_output(call->file) : NULL;
    int rc = SQLITE_OK;
    bool is_written = out != NULL;

    if (out != NULL) {
        rc = walk_on(&w, s, export_event, out);
        is_written = fflush(out) == 0 && !ferror(out);
        if (rc != SQLITE_OK)
            store_log_failure(s, "export_failed", rc);
        else if (!is_written)
            file_log_refusal(call->file != NULL ? call->file : "-", strerror(errno),
                             "what was written is not all");
        if (out != stdout)
            is_written = fclose(out) == 0 && is_written;
    }
    store_close(s);
    return rc == SQLITE_OK && is_written ? 0 : 1;
}
