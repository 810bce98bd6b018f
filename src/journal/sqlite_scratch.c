#include "journal/sqlite_scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATH_SIZE = 4096 };

static const char *const suffixes[] = {"", "-journal", "-wal", "-shm"};
/* What ends a tool when somebody, or the other end of a pipe, has had enough, or the file may not grow any more. */
static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGXFSZ};

enum {
    FILES = sizeof suffixes / sizeof *suffixes,
    SIGNALS = sizeof signals / sizeof *signals,
};

/* Written before the handlers are there, and read by them. */
static char paths[FILES][PATH_SIZE + 16];
static struct sigaction before[SIGNALS];

static void remove_files(void)
{
    for (size_t i = 0; i < FILES; i++)
        unlink(paths[i]);
}

/* The signal comes again when this returns, and then ends the process. */
static void on_signal(int number)
{
    int code = errno; /* of what it interrupts, should that go on after all */

    remove_files();
    raise(number);
    errno = code;
}

static void catch_signals(void)
{
    struct sigaction catch = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};

    sigfillset(&catch.sa_mask);
    for (size_t i = 0; i < SIGNALS; i++) {
        sigaction(signals[i], NULL, &before[i]);
        if (before[i].sa_handler != SIG_IGN) /* as nohup wants it */
            sigaction(signals[i], &catch, NULL);
    }
}

bool scratch_begin(const char *path, mode_t mode)
{
    sigset_t ours, mask;
    int fd;

    if (strlen(path) >= PATH_SIZE) {
        errno = ENAMETOOLONG;
        return false;
    }
    for (size_t i = 0; i < FILES; i++)
        snprintf(paths[i], sizeof paths[i], "%s%s", path, suffixes[i]);
    /* What is not ours must not be removed, and what is must be. */
    sigemptyset(&ours);
    for (size_t i = 0; i < SIGNALS; i++)
        sigaddset(&ours, signals[i]);
    sigprocmask(SIG_BLOCK, &ours, &mask);
    fd = open(paths[0], O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd >= 0) {
        close(fd);
        catch_signals();
    }
    sigprocmask(SIG_SETMASK, &mask, NULL);
    return fd >= 0;
}

void scratch_end(void)
{
    remove_files();
    for (size_t i = 0; i < SIGNALS; i++)
        sigaction(signals[i], &before[i], NULL);
}
