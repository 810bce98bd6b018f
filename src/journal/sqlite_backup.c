#include "journal/sqlite_backup.h"
#include "journal/sqlite_file.h"
#include "journal/sqlite_schema.h"
#include "journal/sqlite_scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PATH_SIZE = 4096 };

#ifndef RENAME_NOREPLACE /* where the C library knows nothing of it */
#define RENAME_NOREPLACE 1
#endif

/* All pages in one step: between steps somebody else's commit would make it begin again. Who writes is
 * not held back by that. */
static int copy_pages(sqlite3 *from, sqlite3 *to)
{
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");

    if (backup == NULL)
        return sqlite3_errcode(to);
    (void)sqlite3_backup_step(backup, -1);
    return sqlite3_backup_finish(backup);
}

/* One file without others beside it, and one that ended cleanly: it holds a commit and no more. */
static int finish(sqlite3 *to)
{
    return sqlite3_exec(to,
                        "PRAGMA journal_mode = DELETE;"
                        "UPDATE meta SET value = 1 WHERE name = 'is_clean';",
                        NULL, NULL, NULL);
}

int backup_copy(struct store *from, const char *to)
{
    sqlite3 *db = NULL;
    int rc = sqlite3_open_v2(to, &db, SQLITE_OPEN_READWRITE, NULL);

    if (rc == SQLITE_OK)
        rc = copy_pages(from->db, db);
    if (rc == SQLITE_OK)
        rc = finish(db);
    sqlite3_close(db);
    return rc;
}

/* Unless there is a file of that name. FAT has no hard links; some network file systems, and some in user space,
 * cannot rename without replacing. */
static bool rename_new(const char *from, const char *to)
{
    return syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0 ||
           (errno != EEXIST && link(from, to) == 0);
}

/* Where it can be: not if the folder may be written but not read, nor on every file system (EINVAL). */
static bool sync_folder_of(const char *path)
{
    char folder[PATH_SIZE];
    int fd;
    bool is_fine;

    snprintf(folder, sizeof folder, "%s", path);
    fd = open(dirname(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return true;
    is_fine = fsync(fd) == 0 || errno == EINVAL;
    close(fd);
    return is_fine;
}

static const char *publish_hint(int code)
{
    switch (code) {
    case EEXIST:
        return "name a file that is not there yet";
    case EPERM:
    case EINVAL:
    case ENOSYS:
    case EOPNOTSUPP:
        return "its file system cannot name a file without replacing another: make the backup on "
               "another one and copy it there";
    default:
        return "look at the disk and its space (dmesg, df)";
    }
}

/* Gives the copy its name, unless there is a file of that name, and sees to it that both last. */
static bool publish(const char *partial, const char *copy)
{
    int fd = open(partial, O_RDONLY | O_CLOEXEC);
    bool is_fine = fd >= 0 && fsync(fd) == 0 && rename_new(partial, copy);

    if (is_fine && !sync_folder_of(copy)) {
        int code = errno;

        is_fine = false;
        unlink(copy);
        errno = code;
    }
    if (!is_fine)
        file_log_refusal(copy, strerror(errno), publish_hint(errno));
    if (fd >= 0)
        close(fd);
    return is_fine;
}

/* What is written to the copy after it was put in the journal's place is another future than the one that went on
 * from here: a place in the one must not be taken for a place in the other. The keys of cids remain, because
 * what was sent before is the past of both. */
static int renew_epoch(const char *copy)
{
    sqlite3 *db = NULL;
    int rc = sqlite3_open_v2(copy, &db, SQLITE_OPEN_READWRITE, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, store_new_epoch, NULL, NULL, NULL);
    sqlite3_close(db);
    return rc;
}

static bool copy_and_publish(struct store *s, const char *partial, const char *copy)
{
    int rc = backup_copy(s, partial);

    if (rc == SQLITE_OK)
        rc = renew_epoch(partial);
    if (rc == SQLITE_OK)
        return publish(partial, copy);
    file_log_refusal(copy, sqlite3_errstr(rc), store_hint(rc));
    return false;
}

/* A log of any version that can be served, because the time for a backup is before it is brought up to date;
 * NULL after logging why not. */
static struct store *open_log(const char *path)
{
    struct store *s = store_open(path, STORE_LOOK, false);
    enum schema_kind kind = SCHEMA_NEW;
    int version;

    if (s == NULL || (schema_identify(s->db, &schema_current, &kind, &version) == SQLITE_OK &&
                      kind != SCHEMA_NEW))
        return s;
    file_log_refusal(path, "nothing is in it", "start hubbub once with it");
    store_close(s);
    return NULL;
}

bool backup_make(const char *path, const char *copy)
{
    char partial[PATH_SIZE];
    struct store *s;
    bool is_fine = false;

    snprintf(partial, sizeof partial, "%s.partial-%ld", copy, (long)getpid());
    if (access(copy, F_OK) == 0) {
        file_log_refusal(copy, "there is such a file", "name one that is not there yet");
        return false;
    }
    s = open_log(path);
    if (s == NULL)
        return false;
    if (scratch_begin(partial)) {
        is_fine = copy_and_publish(s, partial, copy);
        scratch_end();
    } else {
        file_log_refusal(copy, strerror(errno), "name a file in a folder that can be written");
    }
    store_close(s);
    return is_fine;
}
