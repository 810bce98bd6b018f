/* histogram - counts of times, 64 buckets per doubling: any percentile within 1.6 %.
 * Threads:    one at a time.
 * Owns:       nothing; zero-initialise it to empty it.
 * Invariant:  max is exact.
 * Fails:      never. */
#ifndef HUBBUB_BENCH_HISTOGRAM_H
#define HUBBUB_BENCH_HISTOGRAM_H

#include <stdint.h>

struct histogram {
    uint64_t count, max;
    uint64_t buckets[64 * 59];
};

void histogram_add(struct histogram *h, uint64_t value);

/* The value that the given share (0 to 1) of all values do not exceed; 0 if there are none. */
uint64_t histogram_percentile(const struct histogram *h, double share);

#endif
