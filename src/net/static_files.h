/* static_files - the browser client, read into memory once: a request can only name what is in
 * the table, so there is no way out of the folder, and no disk access while people chat.
 * Threads:    static_files_load and _free the main thread; look-ups any, nothing changes in
 *             between.
 * Owns:       the files' bytes, also compressed where that is worth it.
 * Invariant:  sorted by path; only regular files that are not hidden and not reached by a link.
 * Fails:      static_files_load returns NULL after logging what is wrong with the folder. */
#ifndef HUBBUB_NET_STATIC_FILES_H
#define HUBBUB_NET_STATIC_FILES_H

#include <stddef.h>
#include <stdint.h>

/* One form of a file, as it goes over the wire. */
struct static_body {
    char etag[24];  /* quoted, of the content and the form */
    uint8_t *bytes; /* owned */
    size_t length;
};

struct static_file {
    char *path; /* owned; as in a URL, "/js/main.js" */
    const char *media_type;
    struct static_body plain, gzip; /* gzip.bytes is NULL if it is not worth it */
};

struct static_files;

struct static_files *static_files_load(const char *folder);
void static_files_free(struct static_files *files);

/* path: decoded, of a URL, "/" being "/index.html"; NULL if there is no such file. */
const struct static_file *static_files_find(const struct static_files *files, const char *path);

/* Tells these files from others: a hash of all of them. */
uint64_t static_files_digest(const struct static_files *files);

#endif
