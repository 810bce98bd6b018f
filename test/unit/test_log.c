#include "support/cm.h"
#include "base/log.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- stderr, caught in a file ---- */

static int real_stderr, caught;
static char text[256 * 1024]; /* what was logged since the last look */

static int catch_stderr(void **state)
{
    (void)state;
    real_stderr = dup(STDERR_FILENO);
    caught = fileno(tmpfile());
    dup2(caught, STDERR_FILENO);
    return 0;
}

static int give_back_stderr(void **state)
{
    (void)state;
    dup2(real_stderr, STDERR_FILENO);
    unsetenv("JOURNAL_STREAM");
    log_init(LOG_LEVEL_INFO);
    return close(real_stderr);
}

static const char *look(void)
{
    ssize_t size = pread(caught, text, sizeof text - 1, 0);

    text[size > 0 ? size : 0] = '\0';
    assert_int_equal(ftruncate(caught, 0), 0);
    lseek(caught, 0, SEEK_SET);
    return text;
}

/* Fails unless the line is its time, then the rest. */
static void expect_line(const char *line, const char *rest)
{
    static const char form[] = "0000-00-00T00:00:00.000Z ";

    for (size_t i = 0; i < sizeof form - 1; i++)
        if (form[i] == '0' ? line[i] < '0' || line[i] > '9' : line[i] != form[i])
            fail_msg("no time at the start of: %s", line);
    assert_string_equal(line + sizeof form - 1, rest);
}

/* ---- lines ---- */

static void a_line_has_time_level_event_and_values(void **state)
{
    (void)state;
    log_init(LOG_LEVEL_INFO);
    log_info("ready", "port=%d url=%s", 8080, "http://localhost:8080/");
    expect_line(look(), "info ready port=8080 url=http://localhost:8080/\n");
    log_error("gone", "%s", "");
    expect_line(look(), "error gone \n");
    log_warn("bare",
             ""
             "%s",
             "x=1");
    expect_line(look(), "warn bare x=1\n");
}

static void lines_above_the_level_are_dropped_unformatted(void **state)
{
    static const char *const names[] = {"error", "warn", "info", "debug"};
    int evaluated = 0;

    (void)state;
    for (int threshold = LOG_LEVEL_ERROR; threshold <= LOG_LEVEL_DEBUG; threshold++) {
        log_init((enum log_level)threshold);
        for (int level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; level++) {
            char rest[32];

            assert_int_equal(log_enabled((enum log_level)level), level <= threshold);
            log_at((enum log_level)level, "event", "n=%d", (evaluated++, level));
            snprintf(rest, sizeof rest, "%s event n=%d\n", names[level], level);
            if (level <= threshold)
                expect_line(look(), rest);
            else
                assert_string_equal(look(), "");
        }
    }
    assert_int_equal(evaluated, 1 + 2 + 3 + 4);
}

static void a_long_line_is_cut_but_stays_a_line(void **state)
{
    char value[3000];
    const char *line;

    (void)state;
    log_init(LOG_LEVEL_INFO);
    memset(value, 'x', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    log_info("long", "value=%s", value);
    line = look();
    assert_int_in_range(strlen(line), 900, 1024);
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
    log_info(value, "value=%s", value);
    line = look();
    assert_int_in_range(strlen(line), 900, 1024);
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
}

static void under_systemd_a_line_has_a_priority_and_no_time(void **state)
{
    static const int priorities[] = {3, 4, 6, 7};
    char stream[64];
    struct stat st;

    (void)state;
    assert_int_equal(fstat(STDERR_FILENO, &st), 0);
    snprintf(stream, sizeof stream, "%llu:%llu", (unsigned long long)st.st_dev,
             (unsigned long long)st.st_ino);
    setenv("JOURNAL_STREAM", stream, 1);
    log_init(LOG_LEVEL_DEBUG);
    for (int level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; level++) {
        char line[64];

        log_at((enum log_level)level, "event", "a=b");
        snprintf(line, sizeof line, "<%d>event a=b\n", priorities[level]);
        assert_string_equal(look(), line);
    }
    /* The variable is inherited; if stderr is not that stream, it says nothing about us. */
    snprintf(stream, sizeof stream, "%llu:%llu", (unsigned long long)st.st_dev,
             (unsigned long long)st.st_ino + 1);
    setenv("JOURNAL_STREAM", stream, 1);
    log_init(LOG_LEVEL_INFO);
    log_info("event", "a=b");
    expect_line(look(), "info event a=b\n");
}

enum { WRITERS = 4, LINES_EACH = 200 };

static void *write_lines(void *arg)
{
    for (int i = 0; i < LINES_EACH; i++)
        log_info("line", "writer=%d padding=%060d", (int)(intptr_t)arg, i);
    return NULL;
}

static void lines_of_several_threads_do_not_mix(void **state)
{
    pthread_t threads[WRITERS];
    int seen[WRITERS] = {0}, lines = 0;
    FILE *stream;
    char line[512];

    (void)state;
    log_init(LOG_LEVEL_INFO);
    for (int i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_lines, (void *)(intptr_t)i), 0);
    for (int i = 0; i < WRITERS; i++)
        pthread_join(threads[i], NULL);
    look();
    stream = fmemopen(text, strlen(text), "r");
    while (fgets(line, sizeof line, stream) != NULL) {
        char rest[256];
        int writer;

        assert_int_equal(sscanf(line + 24, " info line writer=%d ", &writer), 1);
        assert_int_in_range(writer, 0, WRITERS - 1);
        snprintf(rest, sizeof rest, "info line writer=%d padding=%060d\n", writer, seen[writer]++);
        expect_line(line, rest);
        lines++;
    }
    fclose(stream);
    assert_int_equal(lines, WRITERS * LINES_EACH);
}

static void levels_have_names(void **state)
{
    enum log_level level = LOG_LEVEL_ERROR;

    (void)state;
    assert_true(log_level_parse("debug", &level));
    assert_int_equal(level, LOG_LEVEL_DEBUG);
    assert_false(log_level_parse("Debug", &level));
    assert_false(log_level_parse("", &level));
    assert_int_equal(level, LOG_LEVEL_DEBUG);
}

/* ---- quoting ---- */

static const struct {
    const char *input;
    size_t length;
    const char *quoted;
} quotes[] = {
    {"", 0, "\"\""},
    {"alice", 5, "\"alice\""},
    {"alice", 3, "\"ali\""},
    {"a b=c", 5, "\"a b=c\""},
    {"say \"hi\"", 8, "\"say \\\"hi\\\"\""},
    {"back\\slash", 10, "\"back\\\\slash\""},
    {"x\n2026 error forged", 19, "\"x\\x0a2026 error forged\""},
    {"\x1b[2J\r\t\x7f", 7, "\"\\x1b[2J\\x0d\\x09\\x7f\""},
    {"a\0b", 3, "\"a\\x00b\""},
    {"Am\xc3\xa9lie", 7, "\"Am\xc3\xa9lie\""},
};

static void quoted_text_cannot_forge_a_line(void **state)
{
    char out[128];

    (void)state;
    for (size_t i = 0; i < sizeof quotes / sizeof *quotes; i++)
        assert_string_equal(log_quote(out, sizeof out, quotes[i].input, quotes[i].length),
                            quotes[i].quoted);
}

static void quoted_text_is_cut_to_fit(void **state)
{
    static const char input[] = "\n\n\n\n\"\"\"\"abcdefghijklmnopqrstuvwxyz";

    (void)state;
    for (size_t size = 8; size < 64; size++) {
        char *out = malloc(size);
        size_t length;

        log_quote(out, size, input, sizeof input - 1);
        length = strlen(out);
        assert_int_in_range(length, 2, size - 1);
        assert_int_equal(out[0], '"');
        assert_int_equal(out[length - 1], '"');
        free(out);
    }
}

/* ---- rate limiter ---- */

static void a_burst_passes_once_an_interval_and_the_rest_is_counted(void **state)
{
    struct log_limit limit = {0};
    uint64_t suppressed = 99;

    (void)state;
    assert_true(log_limit_pass(&limit, 5000, 1000, &suppressed));
    assert_int_equal(suppressed, 0);
    for (uint64_t now = 5000; now < 5999; now += 9)
        assert_false(log_limit_pass(&limit, now, 1000, &suppressed));
    assert_true(log_limit_pass(&limit, 6000, 1000, &suppressed));
    assert_int_equal(suppressed, 111);
    assert_false(log_limit_pass(&limit, 6999, 1000, &suppressed));
    assert_true(log_limit_pass(&limit, 9000, 1000, &suppressed));
    assert_int_equal(suppressed, 1);
    assert_true(log_limit_pass(&limit, 20000, 1000, &suppressed));
    assert_int_equal(suppressed, 0);
}

#define log_test(f) cmocka_unit_test_setup_teardown(f, catch_stderr, give_back_stderr)

int main(void)
{
    const struct CMUnitTest tests[] = {
        log_test(a_line_has_time_level_event_and_values),
        log_test(lines_above_the_level_are_dropped_unformatted),
        log_test(a_long_line_is_cut_but_stays_a_line),
        log_test(under_systemd_a_line_has_a_priority_and_no_time),
        log_test(lines_of_several_threads_do_not_mix),
        cmocka_unit_test(levels_have_names),
        cmocka_unit_test(quoted_text_cannot_forge_a_line),
        cmocka_unit_test(quoted_text_is_cut_to_fit),
        cmocka_unit_test(a_burst_passes_once_an_interval_and_the_rest_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
