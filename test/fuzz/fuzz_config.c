/* Any bytes as hubbub.conf. Either every option ends up with a legal value, or each mistake is one
 * line that says where it is. */
#include "app/option_table.h"
#include "app/option_value.h"
#include "app/options.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A file without a place on a disk: the name to open it by. */
static const char *in_file(const uint8_t *data, size_t size)
{
    static int fd = -1;
    static char path[64];

    if (fd == -1) {
        fd = memfd_create("hubbub.conf", 0);
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    }
    if (ftruncate(fd, 0) != 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
        abort();
    return path;
}

static void check_values(struct options *o)
{
    for (size_t i = 0; i < option_count; i++) {
        char text[OPTION_VALUE_SIZE];

        if (option_set(o, &option_table[i], option_format(o, &option_table[i], text)) != OK)
            abort();
    }
    if (o->max_body > o->max_frame || 2 * o->max_frame > o->ring_bytes)
        abort();
}

static void check_mistakes(const char *err, const char *path)
{
    const char *end;

    if (err[0] == '\0')
        abort();
    for (; *err != '\0'; err = end + 1) {
        end = strchr(err, '\n');
        if (end == NULL || strncmp(err, "hubbub: ", 8) != 0 || strstr(err, path) == NULL)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = in_file(data, size);
    const char *const argv[] = {"hubbub", "--config", path, "--check", NULL}, *const envp[] = {
                                                                                  NULL};
    char *out_text, *err_text;
    size_t out_size, err_size;
    FILE *out = open_memstream(&out_text, &out_size), *err = open_memstream(&err_text, &err_size);
    struct options options;
    enum options_outcome outcome = options_load(&options, 4, (char *const *)(uintptr_t)argv,
                                                (char *const *)(uintptr_t)envp, out, err);

    fclose(out);
    fclose(err);
    if (outcome == OPTIONS_CHECK)
        check_values(&options);
    else
        check_mistakes(err_text, path);
    free(out_text);
    free(err_text);
    options_free(&options);
    return 0;
}
