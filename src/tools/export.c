#include "tools/tool.h"
#include "journal/sqlite_file.h"
#include "journal/sqlite_walk.h"
#include "tools/ndjson.h"
#include "tools/when.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct export
{
    FILE *out;
    uint64_t ts; /* of what was written last; 0: nothing was */
    bool has_losses;
};

static bool export_event(void *arg, const struct event *e, const char *room)
{
    struct export *x = arg;

    x->ts = e->ts;
    return line_write(x->out, e, room);
}

static void tell_lost(void *arg, int64_t first, int64_t last)
{
    struct export *x = arg;
    char when[WHEN_SIZE];

    x->has_losses = true;
    if (last == INT64_MAX)
        fprintf(stderr, "hubbub export: event %lld and all after it", (long long)first);
    else if (last != first)
        fprintf(stderr, "hubbub export: events %lld to %lld", (long long)first, (long long)last);
    else
        fprintf(stderr, "hubbub export: event %lld", (long long)first);
    fputs(" cannot be read", stderr);
    if (x->ts != 0)
        fprintf(stderr, "; the message before is of %s UTC", when_write(x->ts, when));
    putc('\n', stderr);
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
    struct walk w = {.room = call->room,
                     .person = call->user,
                     .since = call->since,
                     .until = call->until,
                     .lost = tell_lost};
    struct store *s = store_open(call->path, STORE_READ, false);
    FILE *out = s != NULL ? open_output(call->file) : NULL;
    struct export x = {.out = out};
    int rc = SQLITE_OK;
    bool is_written = out != NULL;

    if (out != NULL) {
        rc = walk_on(&w, s, export_event, &x);
        is_written = fflush(out) == 0 && !ferror(out);
        if (rc != SQLITE_OK)
            store_log_failure(s, "export_failed", rc);
        else if (!is_written)
            file_log_refusal(call->file != NULL ? call->file : "-", strerror(errno),
                             "what was written is not all");
        if (out != stdout) {
            is_written = fclose(out) == 0 && is_written;
            if (!is_written) /* it would only be in the way of the next try */
                unlink(call->file);
        }
    }
    if (w.bare != 0)
        fprintf(stderr,
                "hubbub export: the reactions of %llu messages cannot be read; they are written "
                "without\n",
                (unsigned long long)w.bare);
    x.has_losses |= w.bare != 0;
    if (x.has_losses && rc == SQLITE_OK && is_written)
        fputs("hubbub export: the file is damaged; all else is written\n", stderr);
    store_close(s);
    return rc == SQLITE_OK && is_written && !x.has_losses ? 0 : 1;
}
