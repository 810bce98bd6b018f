#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const struct {
    const char *name;
    int priority; /* syslog(3) */
} levels[] = {
    [LOG_LEVEL_ERROR] = {"error", 3},
    [LOG_LEVEL_WARN] = {"warn", 4},
    [LOG_LEVEL_INFO] = {"info", 6},
    [LOG_LEVEL_DEBUG] = {"debug", 7},
};

static enum log_level threshold = LOG_LEVEL_INFO;
static bool to_journal;

/* systemd.exec(5): $JOURNAL_STREAM is "device:inode" of the stream it gave us; it is ours only if
 * stderr still is that very stream. */
static bool stderr_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    struct stat st;

    return stream != NULL && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
           fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

void log_init(enum log_level level)
{
    threshold = level;
    to_journal = stderr_is_journal();
}

bool log_level_parse(const char *text, enum log_level *level)
{
    for (unsigned i = 0; i < sizeof levels / sizeof *levels; i++) {
        if (strcmp(text, levels[i].name) == 0) {
            *level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

bool log_enabled(enum log_level level)
{
    return level <= threshold;
}

static size_t write_prefix(char *line, size_t size, enum log_level level)
{
    struct timespec now;
    struct tm utc;
    size_t n;

    if (to_journal)
        return (size_t)snprintf(line, size, "<%d>", levels[level].priority);
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    n = strftime(line, size, "%Y-%m-%dT%H:%M:%S", &utc);
    return n + (size_t)snprintf(line + n, size - n, ".%03ldZ %s ", now.tv_nsec / 1000000,
                                levels[level].name);
}

void log_write(enum log_level level, const char *event, const char *fmt, ...)
{
    char line[1024];
    size_t room = sizeof line - 1; /* one byte is kept for the newline */
    size_t n = write_prefix(line, room, level);
    va_list args;

    n += (size_t)snprintf(line + n, room - n, "%s", event);
    if (fmt[0] != '\0' && n < room - 1) {
        line[n++] = ' ';
        va_start(args, fmt);
        n += (size_t)vsnprintf(line + n, room - n, fmt, args);
        va_end(args);
    }
    if (n > room - 1)
        n = room - 1;
    line[n++] = '\n';
    if (write(STDERR_FILENO, line, n) < 0)
        return;
}

bool log_limit_pass(struct log_limit *limit, uint64_t now_mono_ms, uint64_t interval_ms,
                    uint64_t *suppressed)
{
    uint64_t next = atomic_load_explicit(&limit->next_ms, memory_order_relaxed);

    if (now_mono_ms < next ||
        !atomic_compare_exchange_strong(&limit->next_ms, &next, now_mono_ms + interval_ms)) {
        atomic_fetch_add_explicit(&limit->held, 1, memory_order_relaxed);
        return false;
    }
    *suppressed = atomic_exchange(&limit->held, 0);
    return true;
}

const char *log_quote(char *out, size_t size, const char *text, size_t length)
{
    size_t n = 0;

    out[n++] = '"';
    for (size_t i = 0; i < length && n + 6 < size; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c < 0x20 || c == 0x7f)
            n += (size_t)snprintf(out + n, size - n, "\\x%02x", c);
        else if (c == '"' || c == '\\')
            n += (size_t)snprintf(out + n, size - n, "\\%c", c);
        else
            out[n++] = (char)c;
    }
    out[n++] = '"';
    out[n] = '\0';
    return out;
}
