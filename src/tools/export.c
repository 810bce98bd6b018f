#include "tools/tool.h"
#include "journal/new_file.h"
#include "journal/sqlite_file.h"
#include "journal/sqlite_walk.h"
#include "tools/known.h"
#include "tools/ndjson.h"
#include "tools/when.h"

#include <errno.h>
#include <string.h>

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

/* Says what it fails with. */
static bool write_all(const struct tool_call *call, struct store *s, struct export *x)
{
    struct walk w = {.room = call->room,
                     .person = call->user,
                     .since = call->since,
                     .until = call->until,
                     .lost = tell_lost};
    int rc = walk_on(&w, s, export_event, x);
    bool is_written = fflush(x->out) == 0 && !ferror(x->out);

    if (rc != SQLITE_OK)
        store_log_failure(s, "export_failed", rc);
    else if (!is_written && x->out != stdout) /* of that main tells */
        file_log_refusal(call->file, strerror(errno), "look at the disk and its space (dmesg, df)");
    if (w.bare != 0)
        fprintf(stderr,
                "hubbub export: the reactions of %llu messages cannot be read; they are written "
                "without\n",
                (unsigned long long)w.bare);
    x->has_losses |= w.bare != 0;
    return rc == SQLITE_OK && is_written;
}

/* To a new file that only its owner reads. */
static bool write_file(const struct tool_call *call, struct store *s, struct export *x)
{
    struct new_file file;
    bool is_whole = false;

    if (!new_file_begin(&file, call->file, 0600))
        return false;
    x->out = fopen(file.partial, "we");
    if (x->out != NULL)
        is_whole = write_all(call, s, x);
    if (x->out == NULL || (fclose(x->out) != 0 && is_whole)) {
        is_whole = false;
        file_log_refusal(call->file, strerror(errno), "look at the disk and its space (dmesg, df)");
    }
    is_whole = is_whole && new_file_publish(&file);
    new_file_end();
    return is_whole;
}

int tool_export(const struct tool_call *call)
{
    struct store *s = store_open(call->path, STORE_READ, false);
    struct export x = {.out = stdout};
    bool is_stdout = call->file == NULL || strcmp(call->file, "-") == 0;
    bool is_written = s != NULL && known_are_all(call, s, "export") &&
                      (is_stdout ? write_all : write_file)(call, s, &x);

    if (x.has_losses && is_written)
        fputs("hubbub export: the file is damaged; all else is written\n", stderr);
    store_close(s);
    return is_written && !x.has_losses ? 0 : 1;
}
