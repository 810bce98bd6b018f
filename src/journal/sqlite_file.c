#include "journal/sqlite_file.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 4096, QUOTED_SIZE = 512 };

static const char magic[] = "SQLite format 3";

void file_log_refusal(const char *path, const char *reason, const char *hint)
{
    char quoted[QUOTED_SIZE];

    log_error("journal_refused", "path=%s reason=\"%s\" hint=\"%s\"",
              log_quote(quoted, sizeof quoted, path, strlen(path)), reason, hint);
}

/* What somebody can do about an error of open(2). */
static const struct {
    int code;
    const char *hint;
} open_hints[] = {
    {ENOENT, "make its folder, or name another with --state-dir"},
    {ENOTDIR, "a part of the path is no folder; name another with --state-dir"},
    {EACCES,
     "give the user that hubbub runs as the right to read and write the folder and the file"},
    {EPERM,
     "give the user that hubbub runs as the right to read and write the folder and the file"},
    {EROFS,
     "the file system is mounted read-only; mount it for writing, or name a folder on another "
     "with --state-dir"},
    {EISDIR, "it is a folder; move it away, or name another with --state-dir"},
    {ENOSPC, "free some space on its file system"},
    {EDQUOT, "the quota is used up; free some space"},
    {EMFILE, "raise the limit of open files"},
};

static void refuse_errno(const char *path, int code)
{
    for (size_t i = 0; i < sizeof open_hints / sizeof *open_hints; i++)
        if (open_hints[i].code == code) {
            file_log_refusal(path, strerror(code), open_hints[i].hint);
            return;
        }
    file_log_refusal(path, strerror(code), "see to it that the file can be opened and written");
}

static bool lock_path(const char *path, char out[PATH_SIZE])
{
    return snprintf(out, PATH_SIZE, "%s.lock", path) < PATH_SIZE;
}

int file_lock(const char *path)
{
    char lock[PATH_SIZE];
    int fd = -1;

    if (!lock_path(path, lock)) {
        refuse_errno(path, ENAMETOOLONG);
        return -1;
    }
    fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (fd < 0) {
        refuse_errno(path, errno);
        return -1;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    if (errno == EWOULDBLOCK)
        file_log_refusal(path, "another hubbub serves it",
                         "stop that one, or give this one a folder of its own with --state-dir");
    else
        refuse_errno(lock, errno);
    close(fd);
    return -1;
}

bool file_is_locked(const char *path)
{
    char lock[PATH_SIZE];
    int fd = lock_path(path, lock) ? open(lock, O_RDONLY | O_CLOEXEC) : -1;
    bool is_locked;

    if (fd < 0)
        return false;
    is_locked = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    close(fd);
    return is_locked;
}

static bool is_database(int fd, off_t size)
{
    char head[sizeof magic];

    return size == 0 || (pread(fd, head, sizeof head, 0) == (ssize_t)sizeof head &&
                         memcmp(head, magic, sizeof head) == 0);
}

bool file_prepare(const char *path, bool may_make, bool may_write)
{
    struct stat st;
    int fd =
        open(path,
             (may_write ? O_RDWR : O_RDONLY) | (may_make ? O_CREAT : 0) | O_CLOEXEC | O_NONBLOCK,
             0640);
    bool is_fine = false;

    if (fd < 0 && errno == ENOENT && !may_make) {
        file_log_refusal(path, "there is no such file", "say where it is with --state-dir");
        return false;
    }
    if (fd < 0 || fstat(fd, &st) != 0)
        refuse_errno(path, errno);
    else if (!S_ISREG(st.st_mode))
        file_log_refusal(path, "it is no regular file", "move it away, or name another folder");
    else if (!is_database(fd, st.st_size))
        file_log_refusal(path, "it is not an SQLite database",
                         "move it away to begin a new log, or put back a backup");
    else
        is_fine = true;
    if (fd >= 0)
        close(fd);
    return is_fine;
}
