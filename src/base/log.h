/* log - one line an event on stderr: `time level event key=value ...`.
 * Threads:    any; each line is one write(2), so lines of several threads do not mix.
 * Owns:       nothing.
 * Invariant:  no secret and no message body is ever passed in; text from outside goes through
 *             log_quote, so that nobody can forge a line.
 * Fails:      never; a line that cannot be written is dropped. */
#ifndef HUBBUB_BASE_LOG_H
#define HUBBUB_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Lines above this level are dropped (default LOG_LEVEL_INFO). Call before threads start.
 * When stderr is the journal (systemd.exec(5), $JOURNAL_STREAM) the time is left out and each line
 * starts with its priority, `<6>` and so on (sd-daemon(3)). */
void log_init(enum log_level level);

/* "error", "warn", "info" or "debug" -> level; false if it is none of them. */
bool log_level_parse(const char *text, enum log_level *level);

bool log_enabled(enum log_level level);

/* event: snake_case, what happened; fmt: printf form of `key=value key=value`, or "". */
void log_write(enum log_level level, const char *event, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#define log_at(level, ...)                                                                         \
    do {                                                                                           \
        if (log_enabled(level))                                                                    \
            log_write(level, __VA_ARGS__);                                                         \
    } while (0)
#define log_error(...) log_at(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...)  log_at(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...)  log_at(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_at(LOG_LEVEL_DEBUG, __VA_ARGS__)

/* For events that can come thousands of times a second: true at most once in interval_ms, and then
 * *suppressed says how many were held back since. One struct per place, zero-initialised. */
struct log_limit {
    _Atomic uint64_t next_ms;
    _Atomic uint64_t held;
};
bool log_limit_pass(struct log_limit *limit, uint64_t now_mono_ms, uint64_t interval_ms,
                    uint64_t *suppressed);

/* Writes text as a double-quoted value, control characters and quotes escaped, cut to fit size.
 * Returns out. */
const char *log_quote(char *out, size_t size, const char *text, size_t length);

#endif
