/* Any bytes as a line that is to be imported. What is accepted, exported and read again is the same. */
#include "core/utf8.h"
#include "tools/ndjson.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_so)
{
    if (!is_so)
        abort();
}

static void compare_reactions(const struct message_state *a, const struct message_state *b)
{
    demand(a->reaction_count == b->reaction_count);
    for (size_t i = 0; i < a->reaction_count; i++) {
        demand(strcmp(a->reactions[i].emoji, b->reactions[i].emoji) == 0);
        demand(a->reactions[i].count == b->reactions[i].count);
        for (size_t k = 0; k < a->reactions[i].count; k++)
            demand(strcmp(a->reactions[i].usernames[k], b->reactions[i].usernames[k]) == 0);
    }
}

static void compare(const struct line *a, const struct line *b)
{
    const struct event *e = a->event, *f = b->event;

    demand(strcmp(a->room, b->room) == 0 && strcmp(e->user->key, f->user->key) == 0);
    demand(e->ts == f->ts && e->body_length == f->body_length);
    demand(memcmp(e->body, f->body, e->body_length) == 0);
    demand(e->state->is_deleted == f->state->is_deleted);
    demand(e->state->edited_ts == f->state->edited_ts);
    compare_reactions(e->state, f->state);
}

static void write_and_read_again(struct line *line)
{
    struct line again;
    const char *reason;
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);

    line->event->id = (struct message_id){.epoch = 1, .room = 1, .seq = 1};
    demand(line_write(out, line->event, line->room));
    fclose(out);
    demand(line_read(&again, text, length, &reason));
    compare(line, &again);
    line_free(&again);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    struct line line;
    const char *reason = NULL;

    memcpy(text, data, size);
    if (line_read(&line, text, size, &reason)) {
        demand(utf8_valid(line.event->body, line.event->body_length));
        write_and_read_again(&line);
        line_free(&line);
    } else {
        demand(reason != NULL);
    }
    free(text);
    return 0;
}
