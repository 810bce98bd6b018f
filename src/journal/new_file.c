#include "journal/new_file.h"
#include "journal/sqlite_file.h"
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

bool new_file_begin(struct new_file *f, const char *path, mode_t mode)
{
    int length = snprintf(f->partial, sizeof f->partial, "%s.partial-%ld", path, (long)getpid());
    bool is_fine = false;

    f->path = path;
    if (access(path, F_OK) == 0) {
        file_log_refusal(path, "there is such a file", "name one that is not there yet");
        return false;
    }
    errno = ENAMETOOLONG;
    is_fine = length < (int)sizeof f->partial && scratch_begin(f->partial, mode);
    if (!is_fine)
        file_log_refusal(path, strerror(errno), "name a file in a folder that can be written");
    return is_fine;
}

void new_file_end(void)
{
    scratch_end();
}

/* ---- its name ---- */

/* Unless there is a file of that name. FAT has no hard links; some network file systems, and some in user space,
 * cannot rename without replacing; a few can do neither, and then nothing keeps both promises. */
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

static const char *hint_for(int code)
{
    switch (code) {
    case EEXIST:
        return "name a file that is not there yet";
    case EPERM:
    case EINVAL:
    case ENOSYS:
    case ENOTSUP:
        return "its file system can neither link nor rename without replacing; name a file "
               "elsewhere";
    default:
        return "look at the disk and its space (dmesg, df)";
    }
}

bool new_file_publish(struct new_file *f)
{
    int fd = open(f->partial, O_RDONLY | O_CLOEXEC);
    bool is_fine = fd >= 0 && fsync(fd) == 0 && rename_new(f->partial, f->path);

    if (is_fine && !sync_folder_of(f->path)) {
        int code = errno;

        is_fine = false;
        unlink(f->path);
        errno = code;
    }
    if (!is_fine)
        file_log_refusal(f->path, strerror(errno), hint_for(errno));
    if (fd >= 0)
        close(fd);
    return is_fine;
}
