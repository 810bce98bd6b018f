/* ndjson - a message as a line of JSON, for keeping elsewhere and taking back.
 * Threads:    any.
 * Owns:       a line's strings belong to it until line_free.
 * Invariant:  what line_write writes, line_read reads as the same; what line_read takes is fit to be
 *             stored: names and rooms by their rules, text in UTF-8, sizes within bounds.
 * Fails:      false with a reason for a person. */
#ifndef HUBBUB_TOOLS_NDJSON_H
#define HUBBUB_TOOLS_NDJSON_H

#include "core/event.h"
#include "core/name.h"

#include <stdbool.h>
#include <stdio.h>

/* A message that was read. */
struct line {
    struct event *event; /* owned: user, ts, body, state; its cid is made of its id */
    char room[ROOM_NAME_MAX_BYTES + 1];
    char *id;          /* owned: what it was called where it comes from */
    char *reply_to;    /* owned: the same of the message it answers; NULL: none */
    const char *ahead; /* static: a time of it that is more than a day ahead of now; NULL: none */
    bool is_ts_ahead;
};

/* The cid under which it was sent is not told: it was between the sender and that log. */
bool line_write(FILE *out, const struct event *e, const char *room);

/* A room never goes back in time: one message of a far day would give that day to all that come. So what is ahead has to
 * be refused, or put right by line_take_as_now. */
bool line_read(struct line *line, const char *text, size_t length, const char **reason);
void line_take_as_now(struct line *line);
void line_free(struct line *line);

#endif
