/* tool_command - "hubbub export" and its like: finds the journal by the options of the daemon, then lets
 * the tool do its work.
 * Threads:    main.
 * Owns:       nothing.
 * Invariant:  a tool looks where the daemon with the same options would.
 * Fails:      exit codes as tools/tool.h. */
#ifndef HUBBUB_APP_TOOL_COMMAND_H
#define HUBBUB_APP_TOOL_COMMAND_H

#include <stdbool.h>

/* True if the command line calls a tool. */
bool tool_command_is(int argc, char *const *argv);

/* Returns the exit code. */
int tool_command_run(int argc, char *const *argv, char *const *envp);

#endif
