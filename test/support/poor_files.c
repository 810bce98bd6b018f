/* poor_files - a file system that lacks something: preloaded into a program, it has link(2) fail as on FAT, and, if
 * NO_RENAME_NEW is set, renameat2(2) as on file systems in user space that do not know its flags. If LATE_FILES is
 * set, files are not seen by who looks for them first, as if they were made right after that. If SIGNAL_AT_SYNC is set to a
 * number, the signal of that number comes when the program waits for the disk. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int link(const char *from, const char *to)
{
    (void)from;
    (void)to;
    errno = EPERM;
    return -1;
}

int access(const char *path, int mode)
{
    int (*real)(const char *, int) = (int (*)(const char *, int))dlsym(RTLD_NEXT, "access");

    if (mode == F_OK && getenv("LATE_FILES") != NULL) {
        errno = ENOENT;
        return -1;
    }
    return real(path, mode);
}

int fsync(int fd)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    const char *number = getenv("SIGNAL_AT_SYNC");

    if (number != NULL)
        raise(atoi(number));
    return real(fd);
}

long syscall(long number, ...)
{
    long (*real)(long, ...) = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
    long arguments[6];
    va_list args;

    if (number == SYS_renameat2 && getenv("NO_RENAME_NEW") != NULL) {
        errno = EINVAL;
        return -1;
    }
    va_start(args, number);
    for (int i = 0; i < 6; i++)
        arguments[i] = va_arg(args, long);
    va_end(args);
    return real(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4],
                arguments[5]);
}
