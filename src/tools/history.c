#include "tools/tool.h"
#include "core/name.h"
#include "journal/sqlite_walk.h"
#include "tools/known.h"
#include "tools/when.h"

#include <string.h>
#include <unistd.h>

enum { LOOK_AGAIN_US = 200000 };

/* What somebody wrote must not move the cursor or set the terminal's title; lines after the first are
 * indented. Bytes of UTF-8 pass, but for the control characters in it (C2 80 to C2 9F). */
static void print_text(const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++) {
        if (*p == '\n')
            fputs("\n    ", stdout);
        else if (*p == '\t')
            putchar(' ');
        else if (*p < 0x20 || *p == 0x7f)
            printf("\\x%02x", *p);
        else if (*p == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f)
            printf("\\u00%02x", *++p);
        else
            putchar(*p);
    }
}

static void print_message(const struct event *e)
{
    print_text(e->user->text);
    fputs(": ", stdout);
    if (e->state != NULL && e->state->is_deleted) {
        fputs("(deleted)", stdout);
        return;
    }
    print_text(e->body);
    if (e->state == NULL)
        return;
    if (e->state->edited_ts != 0)
        fputs(" (edited)", stdout);
    for (size_t i = 0; i < e->state->reaction_count; i++) {
        fputs("  ", stdout);
        print_text(e->state->reactions[i].emoji);
        printf(" %zu", e->state->reactions[i].count);
    }
}

static void print_change(const struct event *e)
{
    print_text(e->user->text);
    if (e->type == EVENT_DELETE) {
        printf(" deleted message %llu", (unsigned long long)e->id.seq);
    } else if (e->type == EVENT_EDIT) {
        printf(" edited message %llu: ", (unsigned long long)e->id.seq);
        print_text(e->body);
    } else {
        fputs(e->on ? " reacted with " : " took back ", stdout);
        print_text(e->body);
        printf(" on message %llu", (unsigned long long)e->id.seq);
    }
}

/* "2024-05-01 12:30:15 lobby 17 ann: hello" */
static bool print_event(void *arg, const struct event *e, const char *room)
{
    char when[WHEN_SIZE];

    (void)arg;
    printf("%s %s %llu ", when_write(e->ts, when), room, (unsigned long long)e->seq);
    if (e->type == EVENT_MESSAGE)
        print_message(e);
    else
        print_change(e);
    putchar('\n');
    return !ferror(stdout);
}

int tool_history(const struct tool_call *call)
{
    struct walk w = {.room = call->room, .until = INT64_MAX};
    struct store *s = store_open(call->path, STORE_READ, false);
    int rc;

    if (s == NULL)
        return 1;
    if (!known_are_all(call, s, "history") && !call->does_follow) { /* else it may come yet */
        store_close(s);
        return 1;
    }
    rc = walk_from_end(&w, s, call->lines);
    if (rc == SQLITE_OK)
        rc = walk_on(&w, s, print_event, NULL);
    w.has_changes = true;
    while (rc == SQLITE_OK && call->does_follow && fflush(stdout) == 0 && !ferror(stdout)) {
        usleep(LOOK_AGAIN_US);
        rc = walk_on(&w, s, print_event, NULL);
    }
    if (rc != SQLITE_OK)
        store_log_failure(s, "history_failed", rc);
    store_close(s);
    return rc == SQLITE_OK ? 0 : 1;
}
