#include "support/cm.h"
#include "app/option_table.h"
#include "app/option_text.h"
#include "app/option_value.h"
#include "app/options.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- one load, with everything it said ---- */

struct run {
    enum options_outcome outcome;
    struct options options;
    char *out, *err;
    size_t out_size, err_size;
    char path[32]; /* of the file */
};

/* Lists of variables and of arguments. */
#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NONE      LIST(NULL)
enum { ARGUMENTS_MAX = 16 };

/* Writes size bytes to a new file, which is removed by run_free. */
static void write_file(struct run *r, const char *bytes, size_t size)
{
    int fd;

    strcpy(r->path, "/tmp/hubbub-conf-XXXXXX");
    fd = mkstemp(r->path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size), size);
    close(fd);
}

static void run_options(struct run *r, int argc, const char *const *argv, const char *const *env)
{
    FILE *out = open_memstream(&r->out, &r->out_size), *err = open_memstream(&r->err, &r->err_size);

    r->outcome = options_load(&r->options, argc, (char *const *)(uintptr_t)argv,
                              (char *const *)(uintptr_t)env, out, err);
    fclose(out);
    fclose(err);
}

/* Loads with a file that holds the given text. A file is always named, so that the one in the
 * system's folder plays no part. */
static struct run load(const char *file, const char *const *env, const char *const *args)
{
    struct run r = {.outcome = OPTIONS_WRONG};
    const char *argv[ARGUMENTS_MAX + 4] = {"hubbub", "--config", r.path};
    int argc = 3;

    write_file(&r, file, strlen(file));
    for (; *args != NULL; args++)
        argv[argc++] = *args;
    run_options(&r, argc, argv, env);
    return r;
}

static void run_free(struct run *r)
{
    options_free(&r->options);
    free(r->out);
    free(r->err);
    unlink(r->path);
}

static void expect_text(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("expected \"%s\" in:\n%s", part, text);
}

/* Expects that the load failed with these words, in one line. FILE stands for the file's path. */
static void expect_mistake(struct run *r, const char *words)
{
    char wanted[512];
    const char *file = strstr(words, "FILE");

    if (file != NULL)
        snprintf(wanted, sizeof wanted, "%.*s%s%s\n", (int)(file - words), words, r->path,
                 file + strlen("FILE"));
    else
        snprintf(wanted, sizeof wanted, "%s\n", words);
    expect_text(r->err, wanted);
    assert_int_equal(r->outcome, OPTIONS_WRONG);
    run_free(r);
}

static size_t count_lines(const char *text)
{
    size_t lines = 0;

    for (; (text = strchr(text, '\n')) != NULL; text++)
        lines++;
    return lines;
}

/* ---- values ---- */

static void without_any_source_the_defaults_hold(void **state)
{
    struct run r = load("", LIST("HOME=/root"), NONE);

    (void)state;
    assert_int_equal(r.outcome, OPTIONS_RUN);
    assert_string_equal(r.err, "");
    assert_string_equal(r.out, "");
    assert_int_equal(r.options.port, 8080);
    assert_string_equal(r.options.address, "");
    assert_string_equal(r.options.static_dir, "");
    assert_int_equal(r.options.ready_fd, -1);
    assert_int_equal(r.options.log_level, LOG_LEVEL_INFO);
    assert_int_equal(r.options.workers, 0);
    assert_int_equal(r.options.max_connections, 10000);
    assert_int_equal(r.options.max_connections_per_address, 512);
    assert_int_equal(r.options.header_timeout, 10000);
    assert_int_equal(r.options.join_timeout, 10000);
    assert_int_equal(r.options.ping_interval, 30000);
    assert_int_equal(r.options.ping_timeout, 10000);
    assert_int_equal(r.options.drain_time, 5000);
    assert_int_equal(r.options.message_rate, 50);
    assert_int_equal(r.options.message_burst, 200);
    assert_int_equal(r.options.max_frame, 64 * 1024);
    assert_int_equal(r.options.max_body, 16 * 1024);
    assert_int_equal(r.options.ring_frames, 4096);
    assert_int_equal(r.options.ring_bytes, 1024 * 1024);
    assert_int_equal(r.options.send_buffer, 128 * 1024);
    assert_string_equal(r.options.allowed_origins, "");
    run_free(&r);
}

/* The values in struct options, and how --check shows them. */
static const struct {
    const char *name, *value;
    const char *shown; /* NULL: as value */
} good_values[] = {
    {"port", "0", NULL},
    {"port", "65535", NULL},
    {"port", "00080", "80"},
    {"address", "::1", NULL},
    {"static_dir", "/srv/a folder/sta=tic", NULL},
    {"ready_fd", "-1", NULL},
    {"ready_fd", "0", NULL},
    {"log_level", "error", NULL},
    {"log_level", "debug", NULL},
    {"workers", "64", NULL},
    {"max_connections", "0", NULL},
    {"message_burst", "1", NULL},
    {"ping_interval", "0", "0"},
    {"ping_interval", "45", "45s"},
    {"ping_interval", "500ms", NULL},
    {"ping_interval", "1500ms", NULL},
    {"ping_interval", "90S", "90s"},
    {"ping_interval", "120s", "2m"},
    {"ping_interval", "60m", "1h"},
    {"max_frame", "32K", "32k"},
    {"max_frame", "524288", "512k"},
    {"max_frame", "20481", NULL},
    {"ring_bytes", "1048576", "1m"},
    {"ring_bytes", "1G", "1g"},
    {"allowed_origins", "*", NULL},
    {"allowed_origins", "https://chat.example.com, http://[::1]:8080,app://x", NULL},
};

static void each_type_takes_its_legal_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good_values / sizeof *good_values; i++) {
        char line[256], flag[256], shown[256];
        struct run r;

        snprintf(line, sizeof line, "%s = %s\n", good_values[i].name, good_values[i].value);
        snprintf(flag, sizeof flag, "--%s=%s", good_values[i].name, good_values[i].value);
        snprintf(shown, sizeof shown, "%s = %s  (", good_values[i].name,
                 good_values[i].shown != NULL ? good_values[i].shown : good_values[i].value);
        r = load(line, NONE, LIST("--check"));
        assert_string_equal(r.err, "");
        expect_text(r.out, shown);
        run_free(&r);
        r = load("", NONE, LIST("--check", flag));
        assert_string_equal(r.err, "");
        expect_text(r.out, shown);
        run_free(&r);
    }
}

static void durations_are_milliseconds_and_sizes_bytes(void **state)
{
    struct run r = load("", NONE,
                        LIST("--drain-time", "2m", "--join-timeout", "3", "--ping-timeout", "250ms",
                             "--max-frame", "20k", "--send-buffer", "2m"));

    (void)state;
    assert_int_equal(r.outcome, OPTIONS_RUN);
    assert_int_equal(r.options.drain_time, 120000);
    assert_int_equal(r.options.join_timeout, 3000);
    assert_int_equal(r.options.ping_timeout, 250);
    assert_int_equal(r.options.max_frame, 20480);
    assert_int_equal(r.options.send_buffer, 2097152);
    run_free(&r);
}

static const struct {
    const char *name, *value;
} bad_values[] = {
    {"port", ""},
    {"port", "65536"},
    {"port", "-1"},
    {"port", "+1"},
    {"port", "8080x"},
    {"port", "80 80"},
    {"port", "0x50"},
    {"port", "1e3"},
    {"port", "8.0"},
    {"port", "8k"},
    {"port", "18446744073709551617"},
    {"port", "99999999999999999999999999"},
    {"port", "\xd9\xa8\xd9\xa0"},
    {"ready_fd", "-2"},
    {"ready_fd", "stderr"},
    {"log_level", "INFO"},
    {"log_level", "loud"},
    {"log_level", ""},
    {"workers", "65"},
    {"message_burst", "0"},
    {"ping_timeout", "0"},
    {"ping_timeout", "0s"},
    {"ping_interval", "10x"},
    {"ping_interval", "10sm"},
    {"ping_interval", "1.5s"},
    {"ping_interval", "s"},
    {"ping_interval", "-10s"},
    {"ping_interval", "2h"},
    {"ping_interval", "18446744073709551615h"},
    {"ping_interval", "5124095576030432h"}, /* a few ms, if it were taken modulo 2^64 */
    {"drain_time", "11m"},
    {"max_body", "0"},
    {"max_body", "2m"},
    {"max_frame", "1023"},
    {"max_frame", "64kb"},
    {"ring_frames", "7"},
    {"ring_bytes", "2g"},
    {"send_buffer", "17179869185g"},
    {"send_buffer", "1k"},
    {"address", "a\nb"},
    {"static_dir", "a\rb"},
    {"allowed_origins", "example.com"},
    {"allowed_origins", "https://example.com/"},
    {"allowed_origins", "https://"},
    {"allowed_origins", "://x"},
    {"allowed_origins", "https://a.example, *"},
    {"allowed_origins", "https://*.example.com"},
    {"allowed_origins", "https://a.example;https:/b.example"},
};

static void each_type_refuses_the_rest(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad_values / sizeof *bad_values; i++) {
        char flag[256], words[256];
        struct run r;

        snprintf(flag, sizeof flag, "--%s=%s", bad_values[i].name, bad_values[i].value);
        snprintf(words, sizeof words, "hubbub: command line, --%s: %s cannot be \"%s\"; it takes ",
                 bad_values[i].name, bad_values[i].name, bad_values[i].value);
        r = load("", NONE, LIST(flag));
        expect_text(r.err, words);
        assert_int_equal(r.outcome, OPTIONS_WRONG);
        run_free(&r);
    }
}

static void what_is_written_reads_back_the_same(void **state)
{
    static const char *const extremes[] = {"0", "1", "8", "1023", "65535", "1k", "999999", "1h"};
    struct run r = load("", NONE, NONE);

    (void)state;
    for (size_t i = 0; i < option_count; i++) {
        for (size_t k = 0; k < sizeof extremes / sizeof *extremes; k++) {
            char text[OPTION_VALUE_SIZE], again[OPTION_VALUE_SIZE];

            if (option_set(&r.options, &option_table[i], extremes[k]) != OK)
                continue;
            option_format(&r.options, &option_table[i], text);
            assert_int_equal(option_set(&r.options, &option_table[i], text), OK);
            assert_string_equal(option_format(&r.options, &option_table[i], again), text);
        }
    }
    run_free(&r);
}

/* ---- sources ---- */

static void later_sources_win(void **state)
{
    struct run r =
        load("port = 1\nworkers = 2\nmax-connections : 3\nping-interval=4\n",
             LIST("HUBBUB_WORKERS=20", "HUBBUB_MAX_CONNECTIONS=30", "HUBBUB_MESSAGE_RATE=40"),
             LIST("--max-connections", "300", "--check"));

    (void)state;
    assert_int_equal(r.outcome, OPTIONS_CHECK);
    assert_int_equal(r.options.port, 1);
    assert_int_equal(r.options.workers, 20);
    assert_int_equal(r.options.max_connections, 300);
    assert_int_equal(r.options.message_rate, 40);
    assert_int_equal(r.options.ping_interval, 4000);
    expect_text(r.out, "workers = 20  (environment variable HUBBUB_WORKERS)\n");
    expect_text(r.out, "max_connections = 300  (command line, --max-connections)\n");
    expect_text(r.out, "message_burst = 200  (default)\n");
    expect_text(strstr(r.out, "port = 1  ("), r.path);
    expect_text(strstr(r.out, "ping_interval = 4s  ("), ":4)\n");
    assert_int_equal(count_lines(r.out), option_count);
    run_free(&r);
}

static void the_last_of_several_wins(void **state)
{
    struct run r = load("port = 1\nport = 2\n", NONE, LIST("--workers=3", "--workers", "4"));

    (void)state;
    assert_int_equal(r.options.port, 2);
    assert_int_equal(r.options.workers, 4);
    run_free(&r);
}

static void the_command_line_takes_both_spellings(void **state)
{
    struct run r = load("", NONE, LIST("--max_body=1k", "--Ring-Frames", "9", "--ready-fd", "-1"));

    (void)state;
    assert_int_equal(r.outcome, OPTIONS_RUN);
    assert_int_equal(r.options.max_body, 1024);
    assert_int_equal(r.options.ring_frames, 9);
    run_free(&r);
}

static void the_file_may_have_comments_blank_and_indented_lines(void **state)
{
    struct run r = load("\xef\xbb\xbf# a comment\n; another\n\n  port = 9 ; why\r\n"
                        "\tstatic_dir = /srv/x\n    workers = 3",
                        NONE, NONE);

    (void)state;
    assert_string_equal(r.err, "");
    assert_int_equal(r.options.port, 9);
    assert_string_equal(r.options.static_dir, "/srv/x");
    assert_int_equal(r.options.workers, 3);
    run_free(&r);
}

static void the_environment_names_the_file_unless_the_command_line_does(void **state)
{
    struct run r = {.outcome = OPTIONS_WRONG};
    char variable[64];

    (void)state;
    write_file(&r, "port = 7\n", 9);
    snprintf(variable, sizeof variable, "HUBBUB_CONFIG=%s", r.path);
    run_options(&r, 1, LIST("hubbub"), LIST(variable));
    assert_string_equal(r.err, "");
    assert_int_equal(r.options.port, 7);
    run_free(&r);

    r = load("port = 8\n", LIST("HUBBUB_CONFIG=/nowhere/at/all"), NONE);
    assert_string_equal(r.err, "");
    assert_int_equal(r.options.port, 8);
    run_free(&r);
}

static void an_unknown_variable_is_only_a_warning(void **state)
{
    struct run r = load("", LIST("HUBBUB_PROT=1", "HUBBUB=x", "HUBBUBPORT=1"), NONE);

    (void)state;
    assert_int_equal(r.outcome, OPTIONS_RUN);
    assert_string_equal(
        r.err, "hubbub: warning: environment variable HUBBUB_PROT is no option and is ignored\n");
    run_free(&r);
}

/* ---- mistakes ---- */

static const struct {
    const char *file;
    const char *argument;
    const char *environment;
    const char *words;
} mistakes[] = {
    {"", "--port=x", "A=b",
     "hubbub: command line, --port: port cannot be \"x\"; "
     "it takes a whole number from 1 to 65535, or 0 for any free port"},
    {"", "--check", "HUBBUB_PING_TIMEOUT=0",
     "hubbub: environment variable HUBBUB_PING_TIMEOUT: ping_timeout cannot be \"0\"; "
     "it takes a duration (such as 500ms, 30s, 2m, 1h, 7d) from 1ms to 1h"},
    {"\nmax-frame = 1\n", "--check", "A=b",
     "hubbub: FILE:2: max_frame cannot be \"1\"; "
     "it takes a size (such as 4096, 64k, 1m) from 1k to 16m"},
    {"log_level = x", "--check", "A=b",
     "hubbub: FILE:1: log_level cannot be \"x\"; it takes error, warn, info or debug"},
    {"ready_fd = x", "--check", "A=b",
     "hubbub: FILE:1: ready_fd cannot be \"x\"; "
     "it takes a file descriptor from 0 to 65535, or -1 for none"},
    {"", "--prot=1", "A=b",
     "hubbub: command line, --prot: there is no option \"prot\"; did you mean \"port\"?"},
    {"", "--prt=1", "A=b",
     "hubbub: command line, --prt: there is no option \"prt\"; did you mean \"port\"?"},
    {"", "--max-conections=1", "A=b",
     "hubbub: command line, --max-conections: there is no option \"max_conections\"; "
     "did you mean \"max_connections\"?"},
    {"", "--zzz", "A=b",
     "hubbub: command line, --zzz: there is no option \"zzz\"; hubbub --help lists them all"},
    {"\n\nadress = ::1\n", "--check", "A=b",
     "hubbub: FILE:3: there is no option \"adress\"; did you mean \"address\"?"},
    {"", "8080", "A=b",
     "hubbub: command line, 8080: options are written --name value, and a command comes before "
     "them; "
     "hubbub --help lists all"},
    {"", "-p", "A=b",
     "hubbub: command line, -p: options are written --name value, and a command comes before them; "
     "hubbub --help lists all"},
    {"", "--port", "A=b", "hubbub: command line, --port: the value is missing"},
    {"[server]\nport = 1\n", "--check", "A=b",
     "hubbub: FILE:2: there are no sections in this file, but this is in [server]"},
    {"port 80\n", "--check", "A=b", "hubbub: FILE:1: this is not of the form name = value"},
    {"", "--max-frame=4k", "A=b",
     "hubbub: max_frame (4k, command line, --max-frame) must not be smaller than max_body "
     "(16k, default): a message travels in one frame"},
    {"", "--ring-bytes=16k", "A=b",
     "hubbub: ring_bytes (16k, command line, --ring-bytes) must not be smaller than twice "
     "max_frame "
     "(64k, default): a single message and its answer would disconnect who sends it; raise the one "
     "or lower the other"},
    {"max-frame = 1m\n", "--ring-bytes=2047k", "A=b",
     "hubbub: ring_bytes (2047k, command line, --ring-bytes) must not be smaller than twice "
     "max_frame (1m, FILE:1): a single message and its answer would disconnect who sends it; raise "
     "the one or lower the other"},
};

static void a_mistake_says_what_where_and_what_is_allowed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        struct run r =
            load(mistakes[i].file, LIST(mistakes[i].environment), LIST(mistakes[i].argument));

        assert_int_equal(count_lines(r.err), 1);
        expect_mistake(&r, mistakes[i].words);
    }
}

static void all_mistakes_are_told_at_once(void **state)
{
    struct run r = load("port = x\nfoo = 1\n", LIST("HUBBUB_WORKERS=y"),
                        LIST("--unheard-of", "value", "--max-body", "z", "--log-level"));

    (void)state;
    assert_int_equal(count_lines(r.err), 6);
    expect_mistake(&r, "hubbub: command line, --log-level: the value is missing");
}

static void a_file_that_was_named_must_be_readable(void **state)
{
    struct run r = {.outcome = OPTIONS_RUN};

    (void)state;
    run_options(&r, 2, LIST("hubbub", "--config=/nowhere/x.conf"), NONE);
    expect_mistake(
        &r,
        "hubbub: command line, --config: cannot read /nowhere/x.conf: No such file or directory");
    r = (struct run){.outcome = OPTIONS_RUN};
    run_options(&r, 1, LIST("hubbub"), LIST("HUBBUB_CONFIG=/"));
    expect_mistake(&r, "hubbub: environment variable HUBBUB_CONFIG: cannot read /: Is a directory");
}

static void a_line_that_is_too_long_or_no_text_is_refused_whole(void **state)
{
    static const char binary[] = "port = 1\nworkers = 2\0 00\naddress = x\n";
    char file[2000] = "static_dir = ";
    struct run r;

    (void)state;
    memset(file + strlen(file), 'x', 1500);
    strcat(file, " port = 1\nworkers = 0\n");
    r = load(file, NONE, NONE);
    expect_text(r.err, ":1: the line is longer than ");
    assert_int_equal(count_lines(r.err), 1);
    assert_int_equal(r.outcome, OPTIONS_WRONG);
    run_free(&r);

    r = (struct run){.outcome = OPTIONS_RUN};
    write_file(&r, binary, sizeof binary - 1);
    run_options(&r, 3, LIST("hubbub", "--config", r.path), NONE);
    expect_mistake(&r, "hubbub: FILE:2: this is not text");
}

/* ---- what it prints ---- */

static void each_option_has_its_place_in_every_text(void **state)
{
    static const char *const flags[] = {"--help", "-h", "--print-config",
                                        "--print-options-markdown"};
    enum { DASHED = 2 }; /* so many of them write max-body for max_body */

    (void)state;
    for (size_t f = 0; f < sizeof flags / sizeof *flags; f++) {
        struct run r = load("", NONE, LIST(flags[f]));

        assert_int_equal(r.outcome, OPTIONS_DONE);
        for (size_t i = 0; i < option_count; i++) {
            char name[64];

            snprintf(name, sizeof name, "%s", option_table[i].name);
            for (char *c = name; f < DASHED && (c = strchr(c, '_')) != NULL;)
                *c = '-';
            expect_text(r.out, name);
            expect_text(r.out, option_table[i].fallback);
        }
        run_free(&r);
    }
}

static void printing_ignores_mistakes_elsewhere(void **state)
{
    struct run r = load("nonsense", LIST("HUBBUB_PORT=x"), LIST("--workers=x", "--version"));

    (void)state;
    assert_int_equal(r.outcome, OPTIONS_DONE);
    assert_string_equal(r.err, "");
    assert_memory_equal(r.out, "hubbub ", 7);
    assert_int_equal(count_lines(r.out), 1);
    run_free(&r);
}

/* The sample, with every line that sets an option uncommented. */
static void the_sample_file_sets_the_defaults(void **state)
{
    struct run sample = load("", NONE, LIST("--print-config")), r;
    char *file = malloc(sample.out_size + 1), *to = file;

    (void)state;
    for (const char *from = sample.out; *from != '\0'; from++)
        if (!(*from == '#' && from[1] != ' '))
            *to++ = *from;
    *to = '\0';
    r = load(file, NONE, LIST("--check"));
    assert_string_equal(r.err, "");
    assert_int_equal(r.outcome, OPTIONS_CHECK);
    assert_null(strstr(r.out, "(default)"));
    for (size_t i = 0; i < option_count; i++) {
        char line[256];

        snprintf(line, sizeof line, "%s = %s  (", option_table[i].name, option_table[i].fallback);
        expect_text(r.out, line);
    }
    free(file);
    run_free(&r);
    run_free(&sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_any_source_the_defaults_hold),
        cmocka_unit_test(each_type_takes_its_legal_values),
        cmocka_unit_test(durations_are_milliseconds_and_sizes_bytes),
        cmocka_unit_test(each_type_refuses_the_rest),
        cmocka_unit_test(what_is_written_reads_back_the_same),
        cmocka_unit_test(later_sources_win),
        cmocka_unit_test(the_last_of_several_wins),
        cmocka_unit_test(the_command_line_takes_both_spellings),
        cmocka_unit_test(the_file_may_have_comments_blank_and_indented_lines),
        cmocka_unit_test(the_environment_names_the_file_unless_the_command_line_does),
        cmocka_unit_test(an_unknown_variable_is_only_a_warning),
        cmocka_unit_test(a_mistake_says_what_where_and_what_is_allowed),
        cmocka_unit_test(all_mistakes_are_told_at_once),
        cmocka_unit_test(a_file_that_was_named_must_be_readable),
        cmocka_unit_test(a_line_that_is_too_long_or_no_text_is_refused_whole),
        cmocka_unit_test(each_option_has_its_place_in_every_text),
        cmocka_unit_test(printing_ignores_mistakes_elsewhere),
        cmocka_unit_test(the_sample_file_sets_the_defaults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
