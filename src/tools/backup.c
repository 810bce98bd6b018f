#include "tools/tool.h"
#include "journal/sqlite_backup.h"

int tool_backup(const struct tool_call *call)
{
    return backup_make(call->path, call->file) ? 0 : 1;
}
