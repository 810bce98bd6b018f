#include "app/tool_command.h"
#include "app/options.h"
#include "app/state_dir.h"
#include "base/mem.h"
#include "tools/tool.h"

#include <stdio.h>

bool tool_command_is(int argc, char *const *argv)
{
    return argc > 1 && tool_find(argv[1]) != NULL;
}

static int run_at(const struct tool *tool, struct tool_arguments *arguments,
                  const struct options *o)
{
    char *folder = state_dir_find(o->state_dir, !tool->makes_journal);
    char *path = folder != NULL ? state_dir_journal(folder) : NULL;
    int code = path != NULL ? tool_run(tool, arguments, path) : 1;

    mem_free(path);
    mem_free(folder);
    return code;
}

int tool_command_run(int argc, char *const *argv, char *const *envp)
{
    const struct tool *tool = tool_find(argv[1]);
    char **rest = mem_alloc(((size_t)argc + 1) * sizeof *rest);
    struct tool_arguments arguments;
    struct options options;
    int code = 2;

    if (!tool_take_arguments(tool, argc, argv, rest, &arguments))
        goto out;
    if (arguments.wants_help) {
        fputs(tool->help, stdout);
        code = 0;
        goto out;
    }
    switch (options_load(&options, arguments.rest_count, rest, envp, stdout, stderr)) {
    case OPTIONS_RUN:
        log_init(options.log_level);
        code = run_at(tool, &arguments, &options);
        break;
    case OPTIONS_DONE:
    case OPTIONS_CHECK:
        code = 0;
        break;
    case OPTIONS_WRONG:
        break;
    }
    options_free(&options);
out:
    tool_free_arguments(&arguments);
    mem_free(rest);
    return code;
}
