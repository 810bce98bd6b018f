#include "app/streams.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void streams_begin(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDONLY); /* writing to it fails, as it should */
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

int streams_end(int code)
{
    bool is_flushed = fflush(stdout) == 0;

    if (is_flushed && !ferror(stdout))
        return code;
    fprintf(stderr, "hubbub: not all of the output could be written%s%s\n", is_flushed ? "" : ": ",
            is_flushed ? "" : strerror(errno));
    return code != 0 ? code : 1;
}
