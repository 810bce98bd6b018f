#include "tools/known.h"

static bool is_known(struct store *s, enum statement which, const char *key)
{
    sqlite3_stmt *row = NULL;
    int rc = key != NULL ? store_step(s, &row, which, "t", key) : SQLITE_ROW;

    sqlite3_reset(row);
    return rc != SQLITE_OK;
}

bool known_are_all(const struct tool_call *call, struct store *s, const char *tool)
{
    const struct {
        const char *what, *key;
        bool is_known;
    } asked[] = {
        {"room", call->room, is_known(s, SQL_ROOM_FIND, call->room)},
        {"person", call->user, is_known(s, SQL_PERSON_FIND, call->user)},
    };
    bool are_known = true;

    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        if (!asked[i].is_known)
            fprintf(stderr, "hubbub %s: there is no %s \"%s\" in the history\n", tool,
                    asked[i].what, asked[i].key);
        are_known &= asked[i].is_known;
    }
    return are_known;
}
