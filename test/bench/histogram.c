#include "histogram.h"

/* Values below 128 have a bucket each; above, the leading 7 bits choose it. */
void histogram_add(struct histogram *h, uint64_t value)
{
    unsigned shift = value < 128 ? 0 : 57u - (unsigned)__builtin_clzll(value);

    h->buckets[shift * 64 + (value >> shift)]++;
    h->count++;
    if (value > h->max)
        h->max = value;
}

uint64_t histogram_percentile(const struct histogram *h, double share)
{
    uint64_t wanted = (uint64_t)(share * (double)h->count + 0.5), seen = 0;

    for (uint64_t i = 0; i < sizeof h->buckets / sizeof *h->buckets; i++) {
        uint64_t shift = i < 128 ? 0 : i / 64 - 1;
        uint64_t upper = ((i - shift * 64 + 1) << shift) - 1;

        seen += h->buckets[i];
        if (seen != 0 && seen >= wanted)
            return upper < h->max ? upper : h->max;
    }
    return 0;
}
