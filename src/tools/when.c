#include "tools/when.h"
#include "base/clock.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct {
    char letter;
    uint64_t ms;
} units[] = {{'s', 1000}, {'m', 60000}, {'h', 3600000}, {'d', 86400000}};

static bool read_ago(const char *text, uint64_t *ms)
{
    char *end;
    unsigned long long count = strtoull(text, &end, 10);

    if (text[0] < '0' || text[0] > '9' || end[0] == '\0' || end[1] != '\0' || count > 1000000000)
        return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (units[i].letter == end[0]) {
            uint64_t now = clock_wall_ms(), ago = count * units[i].ms;

            *ms = now > ago ? now - ago : 0;
            return true;
        }
    return false;
}

/* strptime takes 31 days for every month, which timegm makes a day of the next. */
static bool is_day(struct tm tm)
{
    int day = tm.tm_mday;

    tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
    return timegm(&tm) != -1 && tm.tm_mday == day;
}

bool when_read(const char *text, uint64_t *ms)
{
    static const char *const forms[] = {"%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S",
                                        "%Y-%m-%dT%H:%MZ", "%Y-%m-%dT%H:%M:%SZ"};

    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct tm tm = {.tm_mday = 1};
        const char *end = strptime(text, forms[i], &tm);
        time_t seconds = end != NULL && *end == '\0' && is_day(tm) ? timegm(&tm) : -1;

        if (seconds >= 0) {
            *ms = (uint64_t)seconds * 1000;
            return true;
        }
    }
    return read_ago(text, ms);
}

const char *when_write(uint64_t ms, char out[WHEN_SIZE])
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm tm;

    if (gmtime_r(&seconds, &tm) == NULL || strftime(out, WHEN_SIZE, "%Y-%m-%d %H:%M:%S", &tm) == 0)
        strcpy(out, "?");
    return out;
}
