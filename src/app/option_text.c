#include "app/option_text.h"
#include "app/option_value.h"
#include "app/options.h"

#include <string.h>

static const char head[] =
    "Usage: hubbub [--name value]...\n"
    "       hubbub export|import|history|backup|verify ...   (hubbub COMMAND --help)\n"
    "\n"
    "Serves a chat: the browser client at / and its WebSocket at /ws.\n"
    "\n"
    "Each option may also stand in a file (name = value) or in the environment\n"
    "(HUBBUB_NAME=value). The command line wins over the environment, the\n"
    "environment over the file. Durations are written like 500ms, 30s, 2m or 1h,\n"
    "sizes like 4096, 64k or 1m.\n"
    "\n"
    "      --config FILE      read this file; otherwise " HUBBUB_CONFIG_FILE "\n"
    "                         is read if it exists\n"
    "      --check            check all options, say where each was set, and exit\n"
    "      --print-config     print a sample file with all options and exit\n"
    "      --print-options-markdown\n"
    "                         print the table of options and exit\n"
    "      --version          print the version and exit\n"
    "  -h, --help             print this and exit\n"
    "\n"
    "Options:\n";

/* Writes text as lines of at most width bytes, each after the indent. */
static void wrap(FILE *out, const char *indent, size_t width, const char *text)
{
    while (*text != '\0') {
        size_t length = strlen(text);

        if (length > width) {
            length = width;
            while (length > 0 && text[length] != ' ')
                length--;
            if (length == 0)
                length = strcspn(text, " ");
        }
        fprintf(out, "%s%.*s\n", indent, (int)length, text);
        text += length;
        text += strspn(text, " ");
    }
}

/* What the option is for and, unless any text will do, what it takes. */
static void describe(const struct option *option, char *out, size_t size)
{
    char range[OPTION_VALUE_SIZE];

    if (option->type == OPTION_TEXT)
        snprintf(out, size, "%s", option->text);
    else
        snprintf(out, size, "%s (%s)", option->text, option_range(option, range));
}

/* The name as on the command line. */
static void print_flag(FILE *out, const struct option *option)
{
    fputs("--", out);
    for (const char *p = option->name; *p != '\0'; p++)
        fputc(*p == '_' ? '-' : *p, out);
}

static const char *shown_default(const struct option *option)
{
    return option->fallback[0] != '\0' ? option->fallback : "empty";
}

void option_text_help(FILE *out)
{
    char line[2 * OPTION_VALUE_SIZE];

    fputs(head, out);
    for (size_t i = 0; i < option_count; i++) {
        const struct option *option = &option_table[i];

        fputs("      ", out);
        print_flag(out, option);
        fprintf(out, " VALUE (default: %s)\n", shown_default(option));
        describe(option, line, sizeof line);
        wrap(out, "          ", 68, line);
    }
}

void option_text_config(FILE *out)
{
    char line[2 * OPTION_VALUE_SIZE];

    fputs("# hubbub.conf - every option with its default. Take away the # to change one.\n"
          "# Durations are written like 500ms, 30s, 2m or 1h, sizes like 4096, 64k or 1m.\n"
          "# Check the file with: hubbub --check --config FILE\n",
          out);
    for (size_t i = 0; i < option_count; i++) {
        const struct option *option = &option_table[i];

        describe(option, line, sizeof line);
        fputc('\n', out);
        wrap(out, "# ", 98, line);
        fprintf(out, "#%s =%s%s\n", option->name, option->fallback[0] != '\0' ? " " : "",
                option->fallback);
    }
}

void option_text_markdown(FILE *out)
{
    char range[OPTION_VALUE_SIZE];

    fputs("| option | default | what it is | allowed |\n|---|---|---|---|\n", out);
    for (size_t i = 0; i < option_count; i++) {
        const struct option *option = &option_table[i];

        fprintf(out, "| `%s` | %s%s%s | %s | %s |\n", option->name,
                option->fallback[0] != '\0' ? "`" : "", shown_default(option),
                option->fallback[0] != '\0' ? "`" : "", option->text, option_range(option, range));
    }
}

void option_text_check(const struct options *o, const char *const *where, FILE *out)
{
    char value[OPTION_VALUE_SIZE];

    for (size_t i = 0; i < option_count; i++)
        fprintf(out, "%s = %s  (%s)\n", option_table[i].name,
                option_format(o, &option_table[i], value), where[i] != NULL ? where[i] : "default");
}
