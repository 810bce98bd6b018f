#include "support/cm.h"
#include "base/log.h"
#include "net/static_files.h"

#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];

static void put(const char *name, const char *content)
{
    char path[128];
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    f = fopen(path, "w");
    assert_non_null(f);
    fputs(content, f);
    fclose(f);
}

static int setup(void **state)
{
    char path[128];

    (void)state;
    log_init(LOG_LEVEL_ERROR);
    strcpy(folder, "/tmp/hubbub-static-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/js", folder);
    mkdir(path, 0755);
    put("index.html", "<!doctype html>");
    put("app.css", "body{}");
    put("js/main.js", "export {}");
    put(".hidden", "secret");
    snprintf(path, sizeof path, "%s/link", folder);
    return symlink("/etc/passwd", path);
}

static int teardown(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static void finds_what_is_there_and_its_type(void **state)
{
    static const char *const rows[][3] = {
        {"/", "<!doctype html>", "text/html; charset=utf-8"},
        {"/index.html", "<!doctype html>", "text/html; charset=utf-8"},
        {"/app.css", "body{}", "text/css; charset=utf-8"},
        {"/js/main.js", "export {}", "text/javascript; charset=utf-8"},
    };
    struct static_files *files = static_files_load(folder);

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct static_file *f = static_files_find(files, rows[i][0]);

        assert_non_null(f);
        assert_int_equal(f->plain.length, strlen(rows[i][1]));
        assert_memory_equal(f->plain.bytes, rows[i][1], f->plain.length);
        assert_string_equal(f->media_type, rows[i][2]);
        assert_int_equal(strlen(f->plain.etag), 18);
        assert_true(f->plain.etag[0] == '"' && f->plain.etag[17] == '"');
    }
    static_files_free(files);
}

static void nothing_else_can_be_named(void **state)
{
    static const char *const rows[] = {
        "",
        "/js",
        "/js/",
        "/.hidden",
        "/link",
        "/../etc/passwd",
        "/js/../index.html",
        "//index.html",
        "/index.html/",
        "/nothing",
        "index.html",
        "/etc/passwd",
    };
    struct static_files *files = static_files_load(folder);

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_null(static_files_find(files, rows[i]));
    static_files_free(files);
}

static void tag_follows_the_content(void **state)
{
    struct static_files *files = static_files_load(folder);
    char before[24];

    (void)state;
    strcpy(before, static_files_find(files, "/app.css")->plain.etag);
    static_files_free(files);
    files = static_files_load(folder);
    assert_string_equal(static_files_find(files, "/app.css")->plain.etag, before);
    static_files_free(files);
    put("app.css", "body{ }");
    files = static_files_load(folder);
    assert_string_not_equal(static_files_find(files, "/app.css")->plain.etag, before);
    static_files_free(files);
}

/* The compressed form unpacks to the plain one, and has a tag of its own. */
static void what_is_worth_it_is_compressed(void **state)
{
    char text[4001] = "", unpacked[sizeof text];
    struct libdeflate_decompressor *decompressor = libdeflate_alloc_decompressor();
    size_t length = 0;
    const struct static_file *f;
    struct static_files *files;

    (void)state;
    for (size_t i = 0; i < sizeof text - 1; i++)
        text[i] = (char)('a' + i % 26);
    put("long.css", text);
    put("long.png", text);
    files = static_files_load(folder);
    f = static_files_find(files, "/long.css");
    assert_non_null(f->gzip.bytes);
    assert_true(f->gzip.length < 400);
    assert_int_equal(strlen(f->gzip.etag), 21);
    assert_memory_equal(f->gzip.etag, f->plain.etag, 17);
    assert_int_equal(libdeflate_gzip_decompress(decompressor, f->gzip.bytes, f->gzip.length,
                                                unpacked, sizeof unpacked, &length),
                     LIBDEFLATE_SUCCESS);
    libdeflate_free_decompressor(decompressor);
    assert_int_equal(length, strlen(text));
    assert_memory_equal(unpacked, text, strlen(text));
    assert_null(static_files_find(files, "/long.png")->gzip.bytes);
    assert_null(static_files_find(files, "/app.css")->gzip.bytes);
    static_files_free(files);
}

static void a_folder_without_the_client_is_refused(void **state)
{
    char path[128];

    (void)state;
    snprintf(path, sizeof path, "%s/js", folder);
    assert_null(static_files_load(path));
    assert_null(static_files_load("/nonexistent"));
    static_files_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_is_there_and_its_type),
        cmocka_unit_test(nothing_else_can_be_named),
        cmocka_unit_test(tag_follows_the_content),
        cmocka_unit_test(what_is_worth_it_is_compressed),
        cmocka_unit_test(a_folder_without_the_client_is_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
