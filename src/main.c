#include "app/options.h"
#include "app/server.h"
#include "app/streams.h"
#include "app/tool_command.h"
#include "base/mem.h"

#include <stdio.h>

extern char **environ;

static int serve(int argc, char **argv)
{
    struct options options;
    int code = 0;

    switch (options_load(&options, argc, argv, environ, stdout, stderr)) {
    case OPTIONS_RUN:
        log_init(options.log_level);
        code = server_run(&options) ? 0 : 1;
        break;
    case OPTIONS_CHECK:
        log_init(options.log_level);
        code = server_check(&options, stdout) ? 0 : 2;
        break;
    case OPTIONS_DONE:
        break;
    case OPTIONS_WRONG:
        code = 2;
    }
    options_free(&options);
    return code;
}

/* Exit codes, but for those of a tool (tools/tool.h): 0 after a signal or an option that only prints, 1 if the server
 * could not start or what it printed was lost, 2 for a mistake in the options, or for something that --check found. */
int main(int argc, char **argv)
{
    streams_begin();
    mem_init();
    return streams_end(tool_command_is(argc, argv) ? tool_command_run(argc, argv, environ)
                                                   : serve(argc, argv));
}
