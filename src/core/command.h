/* command - the requests a client may make: what each needs, and its handler.
 * Threads:    one, the session's worker.
 * Owns:       nothing; struct asked is valid for the call.
 * Invariant:  one row for each type and version (command.c); handlers are in the files by topic.
 * Fails:      a handler returns OK if the request was well formed, whether or not it was granted, else
 *             what was wrong with it; in both cases it has told the session. */
#ifndef HUBBUB_CORE_COMMAND_H
#define HUBBUB_CORE_COMMAND_H

#include "core/proto.h"
#include "core/session.h"

/* A request on its way. */
struct asked {
    struct session *session;
    struct request *request;
    struct place *place;  /* where it is about; NULL if the command does not need one */
    const char *cid;      /* NULL: none */
    const char *room_key; /* as the place has it, or as it was asked for; NULL: none */
};

/* Tells the session why not; returns OK, or ERR_INVALID if code says that the request itself was wrong. */
enum err asked_refuse(const struct asked *a, enum refusal_code code, const char *text);

/* True if text is the id of a message of the room that is asked about, as far as one can see from the id. */
bool asked_is_here(const struct asked *a, const struct request_text *text, struct message_id *id);

/* command_chat.c */
enum err do_message(const struct asked *a);
enum err do_edit(const struct asked *a);
enum err do_delete(const struct asked *a);
enum err do_react(const struct asked *a);
enum err do_typing(const struct asked *a);

/* command_read.c */
enum err do_history(const struct asked *a);
enum err do_search(const struct asked *a);
enum err do_users(const struct asked *a);
enum err do_rooms(const struct asked *a);
enum err do_ping(const struct asked *a);

#endif
