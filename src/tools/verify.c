#include "tools/tool.h"
#include "journal/sqlite_verify.h"

static void print_fault(void *arg, const char *sentence)
{
    (void)arg;
    puts(sentence);
}

int tool_verify(const struct tool_call *call)
{
    struct verify_result result;

    if (!verify_file(call->path, &result, print_fault, NULL))
        return 1;
    printf("%s: %lld messages, %lld events in all, in %lld rooms\n",
           result.faults == 0 ? "whole" : "damaged", (long long)result.messages,
           (long long)result.events, (long long)result.rooms);
    return result.faults == 0 ? 0 : 1;
}
