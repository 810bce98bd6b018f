/* sqlite_statement - the SQL of the journal, by name.
 * Threads:    any, read only.
 * Owns:       nothing.
 * Invariant:  all SQL that runs while the server serves is here; parameters stand in the order in which
 *             store_step takes them.
 * Fails:      never. */
#ifndef HUBBUB_JOURNAL_SQLITE_STATEMENT_H
#define HUBBUB_JOURNAL_SQLITE_STATEMENT_H

enum statement {
    SQL_BEGIN_READ,
    SQL_BEGIN_WRITE,
    SQL_COMMIT,
    SQL_ROLLBACK,
    SQL_DATA_VERSION,
    SQL_META_SET,
    SQL_PROBE_ADD,
    SQL_PROBE_REMOVE,
    SQL_ROOM_FIND,
    SQL_ROOM_ADD,
    SQL_ROOM_MARK,
    SQL_ROOM_AFTER,
    SQL_ROOM_CUT,
    SQL_ROOM_LIST,
    SQL_USER_FIND,
    SQL_USER_ADD,
    SQL_PERSON_FIND,
    SQL_CID_FIND,
    SQL_EVENT_ADD,
    SQL_EVENT_LAST,
    SQL_EVENT_REMOVE,
    SQL_EVENT_AT,
    SQL_MESSAGE_FIND,
    SQL_MESSAGE_NEXT,
    SQL_MESSAGE_EDIT,
    SQL_MESSAGE_DELETE,
    SQL_EDITS_ERASE,
    SQL_REACTION_FIND,
    SQL_REACTION_COUNT,
    SQL_REACTION_ADD,
    SQL_REACTION_REMOVE,
    SQL_REACTIONS_REMOVE,
    SQL_REACTIONS,
    SQL_INDEX_DEBT,
    SQL_INDEX_NEXT,
    SQL_INDEX_MARK,
    SQL_INDEX_ADD,
    SQL_INDEX_REMOVE,
    SQL_INDEX_EMPTY,
    SQL_INDEX_REBUILD,
    SQL_INDEX_SQL,
    SQL_EVENTS_AFTER,
    SQL_PAGE_BEFORE,
    SQL_PAGE_AFTER,
    SQL_SEARCH,
    SQL_INDEXED,
    SQL_WALK_SPAN,
    SQL_WALK,
    SQL_WALK_END,
    STATEMENTS
};

extern const char *const statement_sql[STATEMENTS];

/* The columns that SQL_EVENTS_AFTER, the pages and SQL_SEARCH begin with. */
enum event_column {
    COLUMN_SEQ,
    COLUMN_TYPE,
    COLUMN_TS,
    COLUMN_NAME,
    COLUMN_KEY,
    COLUMN_TARGET,
    COLUMN_BODY,
    COLUMN_FLAG,
    COLUMN_EDITED_TS,
    COLUMN_CID,
    COLUMN_ROOM,      /* SQL_SEARCH and SQL_WALK only */
    COLUMN_ROOM_NAME, /* likewise */
    COLUMN_N,         /* SQL_WALK only */
};

/* Those of SQL_MESSAGE_FIND. */
enum found_column {
    FOUND_N,
    FOUND_BODY,
    FOUND_FLAG,
    FOUND_KEY,
    FOUND_TS,
    FOUND_EDITED_TS,
    FOUND_CID,
};

#endif
