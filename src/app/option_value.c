#include "app/option_value.h"
#include "app/options.h"
#include "base/mem.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct unit {
    const char *suffix;
    uint64_t factor;
};

/* The first unit is that of a plain number; the larger ones follow in rising order, so that
 * formatting finds the largest that divides a value. */
static const struct unit plain[] = {{"", 1}, {NULL, 0}};
static const struct unit durations[] = {{"", 1000},     {"ms", 1},       {"s", 1000}, {"m", 60000},
                                        {"h", 3600000}, {"d", 86400000}, {NULL, 0}};
static const struct unit sizes[] = {
    {"", 1}, {"k", 1 << 10}, {"m", 1 << 20}, {"g", 1 << 30}, {NULL, 0}};

/* In the place of a range, types that are no numbers have a fixed text. */
static const struct {
    const char *noun, *range;
    const struct unit *units;
} types[] = {
    [OPTION_UINT] = {"a whole number from ", NULL, plain},
    [OPTION_FD] = {"a file descriptor from ", NULL, plain},
    [OPTION_TEXT] = {"", "any text without line breaks", NULL},
    [OPTION_ORIGINS] = {"",
                        "origins such as https://example.com, separated by commas, or * for all",
                        NULL},
    [OPTION_CHOICE] = {"", NULL, NULL},
    [OPTION_DURATION] = {"a duration (such as 500ms, 30s, 2m, 1h, 7d) from ", NULL, durations},
    [OPTION_SIZE] = {"a size (such as 4096, 64k, 1m) from ", NULL, sizes},
};

static void *field(const struct options *o, const struct option *option)
{
    return (char *)(uintptr_t)o + option->offset;
}

static bool read_number(const char *text, const struct unit *units, uint64_t *out)
{
    unsigned long long number;
    char *end;

    if (text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    number = strtoull(text, &end, 10);
    if (errno != 0)
        return false;
    for (; units->suffix != NULL; units++) {
        if (strcasecmp(end, units->suffix) != 0)
            continue;
        if (number > UINT64_MAX / units->factor)
            return false;
        *out = number * units->factor;
        return true;
    }
    return false;
}

/* Each as a browser sends it: no path, not even a slash at the end, or it would never match. */
static bool are_origins(const char *text)
{
    static const char separators[] = ", \t";

    if (strcmp(text, "*") == 0)
        return true;
    for (text += strspn(text, separators); *text != '\0'; text += strspn(text, separators)) {
        size_t length = strcspn(text, separators), scheme = strcspn(text, ":");

        if (scheme == 0 || scheme + 3 >= length || strncmp(text + scheme, "://", 3) != 0 ||
            strcspn(text + scheme + 3, "/*?#@, \t") != length - scheme - 3)
            return false;
        text += length;
    }
    return true;
}

/* The choice at the given place among those that are separated by "|"; its length 0: there is none. */
static const char *choice_at(const char *choices, int place, size_t *length)
{
    for (; place > 0 && *choices != '\0'; place--) {
        choices += strcspn(choices, "|");
        choices += *choices == '|';
    }
    *length = strcspn(choices, "|");
    return choices;
}

static enum err read_choice(const char *text, const char *choices, int *out)
{
    size_t length;

    for (int i = 0; choice_at(choices, i, &length)[0] != '\0'; i++) {
        if (strlen(text) == length && memcmp(choice_at(choices, i, &length), text, length) == 0) {
            *out = i;
            return OK;
        }
    }
    return ERR_INVALID;
}

enum err option_set(struct options *o, const struct option *option, const char *text)
{
    void *at = field(o, option);
    uint64_t number;

    switch (option->type) {
    case OPTION_TEXT:
    case OPTION_ORIGINS:
        if (strpbrk(text, "\r\n") != NULL || (option->type == OPTION_ORIGINS && !are_origins(text)))
            return ERR_INVALID;
        mem_free(*(char **)at);
        *(char **)at = mem_strdup(text);
        return OK;
    case OPTION_CHOICE:
        return read_choice(text, option->zero, at);
    case OPTION_FD:
        if (strcmp(text, "-1") == 0) {
            *(int *)at = -1;
            return OK;
        }
        break;
    default:
        break;
    }
    if (!read_number(text, types[option->type].units, &number) ||
        ((number < option->min || number > option->max) && !(number == 0 && option->zero != NULL)))
        return ERR_INVALID;
    if (option->type == OPTION_UINT)
        *(unsigned *)at = (unsigned)number;
    else if (option->type == OPTION_FD)
        *(int *)at = (int)number;
    else
        *(uint64_t *)at = number;
    return OK;
}

void option_clear(struct options *o, const struct option *option)
{
    char **text = field(o, option);

    if (option->type == OPTION_TEXT || option->type == OPTION_ORIGINS) {
        mem_free(*text);
        *text = NULL;
    }
}

/* Writes a number in the largest unit that divides it. */
static void format_number(uint64_t number, const struct unit *units, char *out, size_t size)
{
    const struct unit *best = &units[0];

    for (const struct unit *u = units + 1; u->suffix != NULL; u++)
        if (number != 0 && number % u->factor == 0)
            best = u;
    snprintf(out, size, "%" PRIu64 "%s", number / best->factor, best->suffix);
}

const char *option_format(const struct options *o, const struct option *option,
                          char out[OPTION_VALUE_SIZE])
{
    const void *at = field(o, option);
    const char *choice;
    size_t length;

    switch (option->type) {
    case OPTION_TEXT:
    case OPTION_ORIGINS:
        snprintf(out, OPTION_VALUE_SIZE, "%s", *(char *const *)at);
        break;
    case OPTION_CHOICE:
        choice = choice_at(option->zero, *(const int *)at, &length);
        snprintf(out, OPTION_VALUE_SIZE, "%.*s", (int)length, choice);
        break;
    case OPTION_FD:
        snprintf(out, OPTION_VALUE_SIZE, "%d", *(const int *)at);
        break;
    case OPTION_UINT:
        snprintf(out, OPTION_VALUE_SIZE, "%u", *(const unsigned *)at);
        break;
    default:
        format_number(*(const uint64_t *)at, types[option->type].units, out, OPTION_VALUE_SIZE);
    }
    return out;
}

/* "a, b or c"; returns out. */
static const char *list_choices(const char *choices, char out[OPTION_VALUE_SIZE])
{
    size_t n = 0, length;

    for (const char *at = choices; *at != '\0'; at += length + (at[length] == '|')) {
        const char *before;

        length = strcspn(at, "|");
        before = at == choices ? "" : at[length] == '\0' ? " or " : ", ";
        n += (size_t)snprintf(out + n, OPTION_VALUE_SIZE - n, "%s%.*s", before, (int)length, at);
    }
    return out;
}

const char *option_range(const struct option *option, char out[OPTION_VALUE_SIZE])
{
    const struct unit *units = types[option->type].units;
    char min[32], max[32];
    int n;

    if (option->type == OPTION_CHOICE)
        return list_choices(option->zero, out);

    if (units == NULL) {
        snprintf(out, OPTION_VALUE_SIZE, "%s", types[option->type].range);
        return out;
    }
    format_number(option->min, units, min, sizeof min);
    format_number(option->max, units, max, sizeof max);
    n = snprintf(out, OPTION_VALUE_SIZE, "%s to %s", min, max);
    if (option->zero != NULL)
        snprintf(out + n, OPTION_VALUE_SIZE - (size_t)n, ", or 0 for %s", option->zero);
    else if (option->type == OPTION_FD)
        snprintf(out + n, OPTION_VALUE_SIZE - (size_t)n, ", or -1 for none");
    return out;
}

const char *option_allowed(const struct option *option, char out[OPTION_VALUE_SIZE])
{
    int n = snprintf(out, OPTION_VALUE_SIZE, "%s", types[option->type].noun);
    char range[OPTION_VALUE_SIZE];

    snprintf(out + n, OPTION_VALUE_SIZE - (size_t)n, "%s", option_range(option, range));
    return out;
}
