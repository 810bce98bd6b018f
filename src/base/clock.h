/* clock - the two times hubbub knows.
 * Threads:    any.
 * Owns:       nothing.
 * Invariant:  clock_mono_ms never goes back.
 * Fails:      never. Only the edges (net/, app/) read a clock; the core is handed the time as a
 *             parameter. */
#ifndef HUBBUB_BASE_CLOCK_H
#define HUBBUB_BASE_CLOCK_H

#include <stdint.h>

/* Milliseconds since an arbitrary start, for intervals and deadlines. */
uint64_t clock_mono_ms(void);

/* Unix time in milliseconds, for what people see. May jump when the system's clock is set. */
uint64_t clock_wall_ms(void);

/* Both at once. */
struct moment {
    uint64_t mono_ms;
    uint64_t wall_ms;
};
struct moment clock_now(void);

#endif
