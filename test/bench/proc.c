#include "proc.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void gone(pid_t pid)
{
    fprintf(stderr, "loadgen: no process %d to measure\n", (int)pid);
    exit(1);
}

uint64_t proc_cpu_ns(pid_t pid)
{
    struct timespec t;
    clockid_t clock;

    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &t) != 0)
        gone(pid);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* smaps_rollup counts page by page; the cheaper status is off by up to a batch per thread. */
uint64_t proc_rss(pid_t pid)
{
    char path[64], line[256];
    unsigned long long kib = 0;
    FILE *f;

    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
    f = fopen(path, "r");
    if (f == NULL)
        gone(pid);
    while (fgets(line, sizeof line, f) != NULL && sscanf(line, "Rss: %llu", &kib) != 1)
        ;
    fclose(f);
    return (uint64_t)kib * 1024;
}
