#include "tools/tool.h"
#include "core/name.h"
#include "tools/when.h"

#include <stdlib.h>
#include <string.h>

#define BIT(option) (1U << (option))

enum { LINES_DEFAULT = 20 };

#define COMMON                                                                                     \
    "\n"                                                                                           \
    "The history is that of the server with the same options: give --state-dir or --config, set\n" \
    "HUBBUB_STATE_DIR or HUBBUB_CONFIG as for it. The server may be running.\n"
#define WHEN                                                                                       \
    "A TIME is in UTC, such as 2024-05-01, 2024-05-01T12:30 or 2024-05-01T12:30:00, or a "         \
    "duration\n"                                                                                   \
    "before now: 90m, 12h, 7d.\n"

static const struct tool tools[] = {
    {
        .name = "export",
        .help =
            "Usage: hubbub export [--room ROOM] [--user NAME] [--since TIME] [--until TIME] "
            "[FILE]\n"
            "\n"
            "Writes the messages as they are now, with their reactions, to FILE, which must not "
            "exist, or to\n"
            "standard output: a JSON object a line, oldest first. hubbub import reads it. "
            "What is damaged is\n"
            "left out and named on standard error. It is an error if there is no such ROOM or "
            "NAME.\n"
            "\n" WHEN COMMON,
        .options = BIT(TOOL_ROOM) | BIT(TOOL_USER) | BIT(TOOL_SINCE) | BIT(TOOL_UNTIL),
        .takes_file = true,
        .takes_stream = true,
        .run = tool_export,
    },
    {
        .name = "import",
        .help =
            "Usage: hubbub import [--ahead-as-now] FILE\n"
            "\n"
            "Adds the messages in FILE (- is standard input) that hubbub export has written. "
            "What was\n"
            "imported before is not imported again. Messages keep their time, name, text, "
            "edits and\n"
            "reactions, and get new ids behind what their rooms have already.\n"
            "\n"
            "A time that is more than a day ahead of the clock is refused, or taken as now with\n"
            "--ahead-as-now.\n" COMMON,
        .options = BIT(TOOL_AHEAD),
        .needs_file = true,
        .takes_file = true,
        .takes_stream = true,
        .makes_journal = true,
        .run = tool_import,
    },
    {
        .name = "history",
        .help = "Usage: hubbub history [--room ROOM] [-n COUNT] [--follow]\n"
                "\n"
                "Prints the last COUNT messages (20 if it is not given), of one room or of all, "
                "and with\n"
                "--follow all that happens from then on. Without --follow it is an error if there "
                "is no "
                "such ROOM.\n" COMMON,
        .options = BIT(TOOL_ROOM) | BIT(TOOL_LINES) | BIT(TOOL_FOLLOW),
        .run = tool_history,
    },
    {
        .name = "backup",
        .help = "Usage: hubbub backup FILE\n"
                "\n"
                "Copies the history as it is at this moment to FILE, which must not exist. To "
                "restore it, stop\n"
                "the server and put the copy in the place of hubbub.db.\n" COMMON,
        .needs_file = true,
        .takes_file = true,
        .run = tool_backup,
    },
    {
        .name = "verify",
        .help = "Usage: hubbub verify\n"
                "\n"
                "Reads all of the history and says whether it is whole: the file, the order of "
                "events and that\n"
                "none is missing, the index for searching. While the server is running this is "
                "done in a\n"
                "copy beside the file, for which there must be space.\n" COMMON,
        .run = tool_verify,
    },
};

static const struct {
    const char *name;
    enum tool_option option;
    bool has_value;
} options[] = {
    {"--room", TOOL_ROOM, true},
    {"--user", TOOL_USER, true},
    {"--since", TOOL_SINCE, true},
    {"--until", TOOL_UNTIL, true},
    {"-n", TOOL_LINES, true},
    {"--lines", TOOL_LINES, true},
    {"--follow", TOOL_FOLLOW, false},
    {"-f", TOOL_FOLLOW, false},
    {"--ahead-as-now", TOOL_AHEAD, false},
};

const struct tool *tool_find(const char *name)
{
    for (size_t i = 0; i < sizeof tools / sizeof *tools; i++)
        if (strcmp(tools[i].name, name) == 0)
            return &tools[i];
    return NULL;
}

/* ---- arguments ---- */

static bool mistake(const struct tool *tool, const char *what, const char *about)
{
    fprintf(stderr, "hubbub %s: %s%s; see hubbub %s --help\n", tool->name, what, about, tool->name);
    return false;
}

/* The place in options of what is given as "--name" or "--name=value"; -1: none of this tool's. */
static int find_option(const struct tool *tool, const char *argument, const char **value)
{
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        size_t length = strlen(options[i].name);

        if (strncmp(argument, options[i].name, length) != 0 ||
            (tool->options & BIT(options[i].option)) == 0)
            continue;
        *value = argument[length] == '=' ? argument + length + 1 : NULL;
        if (argument[length] == '\0' || (argument[length] == '=' && options[i].has_value))
            return (int)i;
    }
    return -1;
}

/* One argument, perhaps with its value in the next; *used: how many of argv. */
static bool take_argument(const struct tool *tool, int left, char *const *argv, char **rest,
                          struct tool_arguments *out, int *used)
{
    const char *value = NULL;
    int i = find_option(tool, argv[0], &value);

    *used = 1;
    if (i >= 0) {
        if (options[i].has_value && value == NULL) {
            if (left < 2)
                return mistake(tool, "the value is missing: ", argv[0]);
            value = argv[1];
            *used = 2;
        }
        out->values[options[i].option] = value != NULL ? value : "";
    } else if (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0) {
        out->wants_help = true;
    } else if (strncmp(argv[0], "--", 2) == 0) {
        rest[out->rest_count++] = argv[0];
        if (strchr(argv[0], '=') == NULL && left >= 2) {
            rest[out->rest_count++] = argv[1];
            *used = 2;
        }
    } else if (tool->takes_file && out->call.file == NULL) {
        out->call.file = argv[0];
    } else {
        return mistake(tool, "it does not take this: ", argv[0]);
    }
    return true;
}

/* However many: there are not so many lines. */
static bool read_count(const char *text, uint64_t *out)
{
    char *end;

    *out = strtoull(text, &end, 10);
    if (*out > INT64_MAX)
        *out = INT64_MAX;
    return text[0] >= '0' && text[0] <= '9' && *end == '\0';
}

static bool understand(const struct tool *tool, const char *const *values, struct tool_call *call)
{
    const char *room = values[TOOL_ROOM], *user = values[TOOL_USER], *reason = "";

    if (room != NULL) {
        if (room_name_make(room, strlen(room), call->room_key, &reason) != OK)
            return mistake(tool, reason, "");
        call->room = call->room_key;
    }
    if (user != NULL) {
        if (username_make(user, strlen(user), &call->username, &reason) != OK)
            return mistake(tool, reason, "");
        call->user = call->username->key;
    }
    if (values[TOOL_SINCE] != NULL && !when_read(values[TOOL_SINCE], &call->since))
        return mistake(tool, "this is no time: ", values[TOOL_SINCE]);
    if (values[TOOL_UNTIL] != NULL && !when_read(values[TOOL_UNTIL], &call->until))
        return mistake(tool, "this is no time: ", values[TOOL_UNTIL]);
    if (values[TOOL_LINES] != NULL && !read_count(values[TOOL_LINES], &call->lines))
        return mistake(tool, "this is no number: ", values[TOOL_LINES]);
    call->does_follow = values[TOOL_FOLLOW] != NULL;
    call->takes_ahead = values[TOOL_AHEAD] != NULL;
    if (call->file != NULL ? call->file[0] == '\0' : tool->needs_file)
        return mistake(tool, "a file has to be named", "");
    return call->file == NULL || strcmp(call->file, "-") != 0 || tool->takes_stream ||
           mistake(tool, "it cannot write to standard output; name a file", "");
}

bool tool_take_arguments(const struct tool *tool, int argc, char *const *argv, char **rest,
                         struct tool_arguments *out)
{
    int used = 1;

    *out =
        (struct tool_arguments){.rest = rest, .call = {.until = INT64_MAX, .lines = LINES_DEFAULT}};
    rest[out->rest_count++] = argv[0];
    for (int i = 2; i < argc; i += used)
        if (!take_argument(tool, argc - i, argv + i, rest, out, &used))
            return false;
    rest[out->rest_count] = NULL;
    return out->wants_help || understand(tool, out->values, &out->call);
}

void tool_free_arguments(struct tool_arguments *arguments)
{
    username_unref(&arguments->call.username);
}

int tool_run(const struct tool *tool, struct tool_arguments *arguments, const char *path)
{
    arguments->call.path = path;
    return tool->run(&arguments->call);
}
