#include "base/random.h"
#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

void random_bytes(void *out, size_t length)
{
    ssize_t got;

    do
        got = getrandom(out, length, 0);
    while (got < 0 && errno == EINTR);
    if (got != (ssize_t)length) {
        log_error("no_random_bytes", "reason=\"%s\" action=exit", strerror(errno));
        abort();
    }
}
