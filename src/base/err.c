#include "base/err.h"

static const char *const texts[] = {
    [OK] = "ok",
    [ERR_NOMEM] = "out of memory",
    [ERR_FULL] = "full",
    [ERR_INVALID] = "invalid",
    [ERR_TOO_LONG] = "too long",
    [ERR_TAKEN] = "taken",
    [ERR_NOT_FOUND] = "not found",
    [ERR_SYSTEM] = "system error",
};

const char *err_text(enum err e)
{
    return (unsigned)e < sizeof texts / sizeof *texts ? texts[e] : "unknown";
}
