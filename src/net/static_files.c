#include "net/static_files.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/gzip.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FILE_MAX = 16 * 1024 * 1024,
    TOTAL_MAX = 64 * 1024 * 1024,
    DEPTH_MAX = 8,
    PATH_SIZE = 512,
};

struct static_files {
    struct static_file *files; /* owned, sorted by path */
    size_t count, capacity;
    size_t total; /* bytes */
};

static const struct media_type {
    const char *ending, *name;
    bool is_packed; /* compressed in itself */
} media_types[] = {
    {".html", "text/html; charset=utf-8", false},
    {".css", "text/css; charset=utf-8", false},
    {".js", "text/javascript; charset=utf-8", false},
    {".mjs", "text/javascript; charset=utf-8", false},
    {".json", "application/json", false},
    {".map", "application/json", false},
    {".webmanifest", "application/manifest+json", false},
    {".svg", "image/svg+xml", false},
    {".png", "image/png", true},
    {".jpg", "image/jpeg", true},
    {".jpeg", "image/jpeg", true},
    {".gif", "image/gif", true},
    {".webp", "image/webp", true},
    {".avif", "image/avif", true},
    {".ico", "image/x-icon", false},
    {".woff2", "font/woff2", true},
    {".mp3", "audio/mpeg", true},
    {".ogg", "audio/ogg", true},
    {".wav", "audio/wav", false},
    {".txt", "text/plain; charset=utf-8", false},
    {".md", "text/markdown; charset=utf-8", false},
    {".xml", "application/xml", false},
    {".pdf", "application/pdf", false},
    {".wasm", "application/wasm", false},
};

static const struct media_type *media_type_of(const char *path)
{
    static const struct media_type unknown = {"", "application/octet-stream", false};
    const char *ending = strrchr(path, '.');

    for (size_t i = 0; ending != NULL && i < sizeof media_types / sizeof *media_types; i++)
        if (strcasecmp(ending, media_types[i].ending) == 0)
            return &media_types[i];
    return &unknown;
}

/* FNV-1a, 64 bit: equal content keeps its tag over restarts and machines. */
static uint64_t hash(const uint8_t *bytes, size_t length)
{
    uint64_t h = 0xcbf29ce484222325;

    for (size_t i = 0; i < length; i++)
        h = (h ^ bytes[i]) * 0x100000001b3;
    return h;
}

static bool read_all(int fd, uint8_t *bytes, size_t length)
{
    while (length > 0) {
        ssize_t n = read(fd, bytes, length);

        if (n <= 0)
            return false;
        bytes += n;
        length -= (size_t)n;
    }
    return true;
}

static struct static_file *add(struct static_files *all)
{
    if (all->count == all->capacity) {
        size_t capacity = all->capacity != 0 ? all->capacity * 2 : 32;
        struct static_file *files = mem_alloc(capacity * sizeof *files);

        if (all->count != 0)
            memcpy(files, all->files, all->count * sizeof *files);
        mem_free(all->files);
        all->files = files;
        all->capacity = capacity;
    }
    return &all->files[all->count++];
}

/* A compressed form is a form of its own, so it has a tag of its own. */
static void add_gzip(struct static_files *all, struct static_file *file)
{
    struct static_body *gzip = &file->gzip;

    gzip->bytes = gzip_compress(file->plain.bytes, file->plain.length, &gzip->length);
    if (gzip->bytes == NULL)
        return;
    all->total += gzip->length;
    snprintf(gzip->etag, sizeof gzip->etag, "%.17s-gz\"", file->plain.etag);
}

static bool load_file(struct static_files *all, int fd, const struct stat *st, const char *path)
{
    const struct media_type *media_type = media_type_of(path);
    char quoted[PATH_SIZE];
    struct static_file *file;
    size_t length;

    log_quote(quoted, sizeof quoted, path, strlen(path));
    if (st->st_size > FILE_MAX || all->total + (size_t)st->st_size > TOTAL_MAX) {
        log_error("static_file_too_large",
                  "file=%s bytes=%lld limit=%d limit_total=%d "
                  "hint=\"the files are kept in memory: put large ones elsewhere\"",
                  quoted, (long long)st->st_size, FILE_MAX, TOTAL_MAX);
        return false;
    }
    length = (size_t)st->st_size;
    file = add(all);
    *file = (struct static_file){.path = mem_strdup(path), .media_type = media_type->name};
    file->plain = (struct static_body){.bytes = mem_alloc(length + 1), .length = length};
    all->total += length;
    if (!read_all(fd, file->plain.bytes, length)) {
        log_error("static_file_unreadable", "file=%s reason=\"%s\"", quoted, strerror(errno));
        return false;
    }
    snprintf(file->plain.etag, sizeof file->plain.etag, "\"%016" PRIx64 "\"",
             hash(file->plain.bytes, length));
    if (!media_type->is_packed)
        add_gzip(all, file);
    return true;
}

/* Loads what is in the folder behind fd, which it closes; path is the folder's, as in a URL. */
static bool load_folder(struct static_files *all, int fd, const char *path, int depth)
{
    DIR *dir = fdopendir(fd);
    struct dirent *entry;
    bool is_ok = dir != NULL;

    if (dir == NULL)
        close(fd);
    while (is_ok && (entry = readdir(dir)) != NULL) {
        char child_path[PATH_SIZE];
        struct stat st;
        int child;

        if (entry->d_name[0] == '.' || depth > DEPTH_MAX ||
            snprintf(child_path, sizeof child_path, "%s/%s", path, entry->d_name) >= PATH_SIZE)
            continue;
        child = openat(dirfd(dir), entry->d_name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (child < 0 || fstat(child, &st) != 0) {
            char quoted[PATH_SIZE];

            log_warn("static_file_skipped", "file=%s reason=\"%s\"",
                     log_quote(quoted, sizeof quoted, child_path, strlen(child_path)),
                     errno == ELOOP ? "symbolic links are not followed" : strerror(errno));
            if (child >= 0)
                close(child);
        } else if (S_ISDIR(st.st_mode)) {
            is_ok = load_folder(all, child, child_path, depth + 1);
        } else {
            is_ok = !S_ISREG(st.st_mode) || load_file(all, child, &st, child_path);
            close(child);
        }
    }
    if (dir != NULL)
        closedir(dir);
    return is_ok;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct static_file *)a)->path, ((const struct static_file *)b)->path);
}

struct static_files *static_files_load(const char *folder)
{
    struct static_files *all = mem_alloc(sizeof *all);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    char quoted[PATH_SIZE];

    log_quote(quoted, sizeof quoted, folder, strlen(folder));
    if (fd < 0) {
        log_error("static_dir_unreadable", "static_dir=%s reason=\"%s\"", quoted, strerror(errno));
        goto fail;
    }
    if (!load_folder(all, fd, "", 0))
        goto fail;
    if (all->count != 0)
        qsort(all->files, all->count, sizeof *all->files, by_path);
    if (static_files_find(all, "/index.html") == NULL) {
        log_error("static_dir_without_index", "static_dir=%s hint=\"it must hold index.html\"",
                  quoted);
        goto fail;
    }
    log_debug("static_files", "static_dir=%s files=%zu bytes=%zu", quoted, all->count, all->total);
    return all;
fail:
    static_files_free(all);
    return NULL;
}

void static_files_free(struct static_files *all)
{
    if (all == NULL)
        return;
    for (size_t i = 0; i < all->count; i++) {
        mem_free(all->files[i].path);
        mem_free(all->files[i].plain.bytes);
        mem_free(all->files[i].gzip.bytes);
    }
    mem_free(all->files);
    mem_free(all);
}

const struct static_file *static_files_find(const struct static_files *all, const char *path)
{
    const char *file = strcmp(path, "/") == 0 ? "/index.html" : path;
    struct static_file wanted = {.path = (char *)(uintptr_t)file};

    if (all->count == 0)
        return NULL;
    return bsearch(&wanted, all->files, all->count, sizeof *all->files, by_path);
}

uint64_t static_files_digest(const struct static_files *files)
{
    uint64_t digest = 0;

    for (size_t i = 0; i < files->count; i++)
        digest = digest * 31 + hash((const uint8_t *)files->files[i].plain.etag,
                                    sizeof files->files[i].plain.etag);
    return digest;
}
