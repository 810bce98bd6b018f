#include "app/options.h"
#include "app/option_text.h"
#include "app/option_value.h"
#include "base/mem.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_SIZE = 64, WHERE_SIZE = 512, OPTIONS_MAX = 64 };

static const char env_prefix[] = "HUBBUB_";

/* What to do instead of serving. */
enum mode { MODE_RUN, MODE_HELP, MODE_VERSION, MODE_CHECK, MODE_CONFIG, MODE_MARKDOWN };

static const struct {
    const char *name;
    enum mode mode;
} mode_flags[] = {
    {"help", MODE_HELP},
    {"version", MODE_VERSION},
    {"check", MODE_CHECK},
    {"print-config", MODE_CONFIG},
    {"print-options-markdown", MODE_MARKDOWN},
};

struct load {
    struct options *options;
    FILE *err;
    enum mode mode;
    const char *config;       /* borrowed; NULL: none was named */
    const char *config_where; /* static: who named it */
    char *where[OPTIONS_MAX]; /* owned: where each option was set; NULL: nowhere */
    unsigned mistakes;
    const char *file; /* borrowed: the one that is being read */
    unsigned line;    /* the one that was read last */
    FILE *stream;
};

/* ---- mistakes ---- */

static void __attribute__((format(printf, 2, 3))) mistake(struct load *l, const char *fmt, ...)
{
    va_list args;

    l->mistakes++;
    fputs("hubbub: ", l->err);
    va_start(args, fmt);
    vfprintf(l->err, fmt, args);
    va_end(args);
    fputc('\n', l->err);
}

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;

    return least < c ? least : c;
}

/* Levenshtein's distance; names are shorter than NAME_SIZE. */
static size_t distance(const char *a, const char *b)
{
    size_t row[NAME_SIZE + 1], lb = strlen(b);

    for (size_t j = 0; j <= lb; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= lb; j++) {
            size_t above = row[j];

            row[j] = min3(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
            diagonal = above;
        }
    }
    return row[lb];
}

/* The option that was probably meant, or NULL: at most a third of its letters are wrong. */
static const char *nearest(const char *name)
{
    size_t best = (strlen(name) + 2) / 3 + 1;
    const char *found = NULL;

    for (size_t i = 0; i < option_count; i++) {
        size_t d = distance(name, option_table[i].name);

        if (d < best) {
            best = d;
            found = option_table[i].name;
        }
    }
    return found;
}

static void mistake_unknown(struct load *l, const char *name, const char *where)
{
    const char *meant = nearest(name);

    if (meant != NULL)
        mistake(l, "%s: there is no option \"%s\"; did you mean \"%s\"?", where, name, meant);
    else
        mistake(l, "%s: there is no option \"%s\"; hubbub --help lists them all", where, name);
}

/* ---- setting ---- */

/* "max-body" or "MAX_BODY" -> "max_body", cut to fit. */
static void normalize(const char *from, size_t length, char out[NAME_SIZE])
{
    if (length > NAME_SIZE - 1)
        length = NAME_SIZE - 1;
    for (size_t i = 0; i < length; i++)
        out[i] = from[i] == '-' ? '_' : (char)tolower((unsigned char)from[i]);
    out[length] = '\0';
}

static const struct option *find(const char *name)
{
    for (size_t i = 0; i < option_count; i++)
        if (strcmp(option_table[i].name, name) == 0)
            return &option_table[i];
    return NULL;
}

static void set(struct load *l, const struct option *option, const char *value, const char *where)
{
    char allowed[OPTION_VALUE_SIZE];
    size_t i = (size_t)(option - option_table);

    if (option_set(l->options, option, value) != OK) {
        mistake(l, "%s: %s cannot be \"%s\"; it takes %s", where, option->name, value,
                option_allowed(option, allowed));
        return;
    }
    mem_free(l->where[i]);
    l->where[i] = mem_strdup(where);
}

/* ---- the file ---- */

/* ini.h's form of fgets. Blanks before a line are dropped, because to inih they would make it the
 * continuation of the line before. A line that cannot be taken whole counts as an empty one. */
static char *read_line(char *out, int size, void *arg)
{
    struct load *l = arg;
    bool is_text = true;
    int n = 0, c;

    while ((c = getc(l->stream)) != EOF && c != '\n') {
        if (n == 0 && (c == ' ' || c == '\t'))
            continue;
        is_text = is_text && c != '\0';
        if (n < size)
            out[n++] = (char)c;
    }
    if (c == EOF && n == 0)
        return NULL;
    l->line++;
    if (n == size)
        mistake(l, "%s:%u: the line is longer than %d bytes", l->file, l->line, size - 1);
    else if (!is_text)
        mistake(l, "%s:%u: this is not text", l->file, l->line);
    out[n < size && is_text ? n : 0] = '\0';
    return out;
}

/* ini.h's form: 1 if the line was understood. */
static int take_line(void *arg, const char *section, const char *key, const char *value)
{
    struct load *l = arg;
    char where[WHERE_SIZE], name[NAME_SIZE];
    const struct option *option;

    snprintf(where, sizeof where, "%s:%u", l->file, l->line);
    normalize(key, strlen(key), name);
    option = find(name);
    if (section[0] != '\0')
        mistake(l, "%s: there are no sections in this file, but this is in [%s]", where, section);
    else if (option == NULL)
        mistake_unknown(l, name, where);
    else
        set(l, option, value, where);
    return 1;
}

static void read_file(struct load *l)
{
    bool is_named = l->config != NULL;
    int bad_line;

    l->file = is_named ? l->config : HUBBUB_CONFIG_FILE;
    l->stream = fopen(l->file, "r");
    if (l->stream == NULL) {
        if (is_named)
            mistake(l, "%s: cannot read %s: %s", l->config_where, l->file, strerror(errno));
        else if (errno != ENOENT && errno != ENOTDIR)
            mistake(l, "cannot read %s: %s", l->file, strerror(errno));
        return;
    }
    bad_line = ini_parse_stream(read_line, l, take_line, l);
    if (bad_line > 0)
        mistake(l, "%s:%d: this is not of the form name = value", l->file, bad_line);
    if (ferror(l->stream))
        mistake(l, "%s: cannot read %s: %s", l->config != NULL ? l->config_where : "default file",
                l->file, strerror(errno));
    fclose(l->stream);
}

/* ---- environment and command line ---- */

static void read_environment(struct load *l, char *const *envp)
{
    size_t prefix = sizeof env_prefix - 1;

    for (; *envp != NULL; envp++) {
        const char *equals = strchr(*envp, '=');
        char name[NAME_SIZE], where[WHERE_SIZE];
        const struct option *option;

        if (strncmp(*envp, env_prefix, prefix) != 0 || equals == NULL)
            continue;
        normalize(*envp + prefix, (size_t)(equals - *envp) - prefix, name);
        snprintf(where, sizeof where, "environment variable %.*s", (int)(equals - *envp), *envp);
        option = find(name);
        if (option != NULL)
            set(l, option, equals + 1, where);
        else if (strcmp(name, "config") != 0) /* might be meant for somebody else, so no mistake */
            fprintf(l->err, "hubbub: warning: %s is no option and is ignored\n", where);
    }
}

static bool take_mode_flag(struct load *l, const char *argument, bool is_first_walk)
{
    size_t length;

    if (strcmp(argument, "-h") == 0)
        argument = "--help";
    if (strncmp(argument, "--", 2) != 0)
        return false;
    length = strcspn(argument + 2, "=");
    for (size_t i = 0; i < sizeof mode_flags / sizeof *mode_flags; i++) {
        if (strncmp(argument + 2, mode_flags[i].name, length) != 0 ||
            mode_flags[i].name[length] != '\0')
            continue;
        if (argument[2 + length] == '\0')
            l->mode = mode_flags[i].mode;
        else if (!is_first_walk)
            mistake(l, "command line, --%s takes no value", mode_flags[i].name);
        return true;
    }
    return false;
}

/* Walks the command line: once to find the file's name and the mode, once, after the file and the
 * environment, for the options. */
static void read_command_line(struct load *l, int argc, char *const *argv, bool is_first_walk)
{
    for (int i = 1; i < argc; i++) {
        const char *argument = argv[i], *equals = strchr(argument, '='), *value;
        char name[NAME_SIZE] = "", where[WHERE_SIZE];
        const struct option *option;

        if (take_mode_flag(l, argument, is_first_walk))
            continue;
        if (strncmp(argument, "--", 2) == 0)
            normalize(argument + 2,
                      equals != NULL ? (size_t)(equals - argument) - 2 : strlen(argument) - 2,
                      name);
        option = find(name);
        snprintf(where, sizeof where, "command line, %.*s",
                 (int)(equals != NULL ? equals - argument : (long)strlen(argument)), argument);
        if (option == NULL && strcmp(name, "config") != 0) {
            if (!is_first_walk && name[0] != '\0')
                mistake_unknown(l, name, where);
            else if (!is_first_walk)
                mistake(l,
                        "%s: options are written --name value, and a command comes before them; "
                        "hubbub --help lists all",
                        where);
            if (name[0] != '\0' && equals == NULL && i + 1 < argc && argv[i + 1][0] != '-')
                i++; /* its value, probably: one mistake is told once */
            continue;
        }
        value = equals != NULL ? equals + 1 : i + 1 < argc ? argv[++i] : NULL;
        if (option == NULL) {
            l->config = value;
            l->config_where = "command line, --config";
        }
        if (is_first_walk)
            continue;
        if (value == NULL)
            mistake(l, "%s: the value is missing", where);
        else if (option != NULL)
            set(l, option, value, where);
    }
}

/* ---- all together ---- */

/* One size that has to be at least as large as another, or as so many times the other. */
static const struct {
    const char *large, *small;
    uint64_t times;
    const char *times_text, *why;
} size_rules[] = {
    {"max_frame", "max_body", 1, "", "a message travels in one frame"},
    {"ring_bytes", "max_frame", 2, "twice ",
     "a single message and its answer would disconnect who sends it; raise the one or lower the "
     "other"},
};

/* The size's value and where it comes from. */
static uint64_t size_of(const struct load *l, const char *name, char *out, size_t size)
{
    const struct option *option = find(name);
    const char *where = l->where[option - option_table];
    char value[OPTION_VALUE_SIZE];

    snprintf(out, size, "%s (%s, %s)", name, option_format(l->options, option, value),
             where != NULL ? where : "default");
    return *(const uint64_t *)(const void *)((const char *)l->options + option->offset);
}

static void check_together(struct load *l)
{
    char large[2 * WHERE_SIZE], small[2 * WHERE_SIZE];

    for (size_t i = 0; i < sizeof size_rules / sizeof *size_rules; i++)
        if (size_of(l, size_rules[i].large, large, sizeof large) <
            size_of(l, size_rules[i].small, small, sizeof small) * size_rules[i].times)
            mistake(l, "%s must not be smaller than %s%s: %s", large, size_rules[i].times_text,
                    small, size_rules[i].why);
}

static const char *config_of(char *const *envp)
{
    static const char name[] = "HUBBUB_CONFIG=";

    for (; *envp != NULL; envp++)
        if (strncmp(*envp, name, sizeof name - 1) == 0 && (*envp)[sizeof name - 1] != '\0')
            return *envp + sizeof name - 1;
    return NULL;
}

static enum options_outcome act(const struct load *l, FILE *out)
{
    switch (l->mode) {
    case MODE_RUN:
        return l->mistakes != 0 ? OPTIONS_WRONG : OPTIONS_RUN;
    case MODE_HELP:
        option_text_help(out);
        break;
    case MODE_VERSION:
        fputs("hubbub " HUBBUB_VERSION "\n", out);
        break;
    case MODE_CHECK:
        if (l->mistakes != 0)
            return OPTIONS_WRONG;
        option_text_check(l->options, (const char *const *)l->where, out);
        return OPTIONS_CHECK;
    case MODE_CONFIG:
        option_text_config(out);
        break;
    case MODE_MARKDOWN:
        option_text_markdown(out);
    }
    return OPTIONS_DONE;
}

enum options_outcome options_load(struct options *o, int argc, char *const *argv, char *const *envp,
                                  FILE *out, FILE *err)
{
    struct load l = {.options = o, .err = err};
    enum options_outcome outcome;

    memset(o, 0, sizeof *o);
    for (size_t i = 0; i < option_count; i++)
        if (option_set(o, &option_table[i], option_table[i].fallback) != OK)
            mistake(&l, "the default of %s is not a legal value", option_table[i].name);
    l.config = config_of(envp);
    l.config_where = "environment variable HUBBUB_CONFIG";
    read_command_line(&l, argc, argv, true);
    if (l.mode == MODE_RUN || l.mode == MODE_CHECK) {
        read_file(&l);
        read_environment(&l, envp);
        read_command_line(&l, argc, argv, false);
        if (l.mistakes == 0)
            check_together(&l);
    }
    outcome = act(&l, out);
    for (size_t i = 0; i < option_count; i++)
        mem_free(l.where[i]);
    return outcome;
}

void options_free(struct options *o)
{
    for (size_t i = 0; i < option_count; i++)
        option_clear(o, &option_table[i]);
}
