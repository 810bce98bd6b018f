/* known - whether the room and the person whose messages are asked for are in the history at all.
 * Threads:    main.
 * Owns:       nothing.
 * Invariant:  a room in which something was said stays known, whatever was removed of it; so does a person.
 * Fails:      what the file does not tell counts as known. */
#ifndef HUBBUB_TOOLS_KNOWN_H
#define HUBBUB_TOOLS_KNOWN_H

#include "journal/sqlite_store.h"
#include "tools/tool.h"

/* Says on standard error, in the tool's name, what is not. */
bool known_are_all(const struct tool_call *call, struct store *s, const char *tool);

#endif
