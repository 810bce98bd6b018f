/* poor_files - a file system that lacks something: preloaded into a program, it has link(2) fail as on FAT, and, if
 * NO_RENAME_NEW is set, renameat2(2) as on file systems in user space that do not know its flags. If LATE_FILES is
 * set, files are not seen by who looks for them first, as if they were made right after that. If SIGNAL_AT_SYNC is set to a
 * number, the signal of that number comes when the program waits for the disk. Of a file that is opened as a stream
 * and whose name ends with .torn, all but its last TORN bytes can be read. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

enum { TORN = 10 };

static ssize_t read_torn(void *cookie, char *bytes, size_t size)
{
    FILE *file = cookie;
    long at = ftell(file), end;

    fseek(file, -TORN, SEEK_END);
    end = ftell(file);
    fseek(file, at, SEEK_SET);
    if (at >= end) {
        errno = EIO;
        return -1;
    }
    return (ssize_t)fread(bytes, 1, size < (size_t)(end - at) ? size : (size_t)(end - at), file);
}

static int close_torn(void *cookie)
{
    return fclose(cookie);
}

FILE *fopen(const char *path, const char *mode)
{
    FILE *(*real)(const char *, const char *) =
        (FILE * (*)(const char *, const char *)) dlsym(RTLD_NEXT, "fopen");
    FILE *file = real(path, mode);
    size_t length = strlen(path);

    if (file == NULL || length < 5 || strcmp(path + length - 5, ".torn") != 0)
        return file;
    return fopencookie(file, mode, (cookie_io_functions_t){.read = read_torn, .close = close_torn});
}
