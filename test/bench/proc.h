/* proc - what another process has used, as the kernel counts it.
 * Threads:    any; no state.
 * Owns:       nothing.
 * Invariant:  CPU time includes all threads, those that ended too, to the nanosecond.
 * Fails:      ends the program with a message if there is no such process. */
#ifndef HUBBUB_BENCH_PROC_H
#define HUBBUB_BENCH_PROC_H

#include <stdint.h>
#include <sys/types.h>

/* Nanoseconds of CPU time, user and system. */
uint64_t proc_cpu_ns(pid_t pid);

/* Bytes of resident memory. */
uint64_t proc_rss(pid_t pid);

#endif
