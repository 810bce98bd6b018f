#include "journal/sqlite_statement.h"

#define COLUMNS                                                                                    \
    "SELECT e.seq, e.type, e.ts, u.name, u.key, e.target, e.body, e.flag, e.edited_ts, e.cid"
#define INDEXED "(SELECT value FROM meta WHERE name = 'indexed')"
#define NEWEST  "(SELECT ifnull(max(n), 0) FROM events)"
#define EVENTS  " FROM events AS e JOIN users AS u ON u.id = e.user WHERE e.room = ?1"

const char *const statement_sql[STATEMENTS] = {
    [SQL_BEGIN_READ] = "BEGIN",
    [SQL_BEGIN_WRITE] = "BEGIN IMMEDIATE",
    [SQL_COMMIT] = "COMMIT",
    [SQL_ROLLBACK] = "ROLLBACK",
    [SQL_DATA_VERSION] = "PRAGMA data_version",
    [SQL_PROBE_ADD] = "INSERT OR REPLACE INTO meta VALUES('probe', zeroblob(65536))",
    [SQL_PROBE_REMOVE] = "DELETE FROM meta WHERE name = 'probe'",
    [SQL_META_SET] = "UPDATE meta SET value = ?2 WHERE name = ?1",

    [SQL_ROOM_FIND] = "SELECT id, seq, ts, oldest FROM rooms WHERE name = ?1",
    [SQL_ROOM_ADD] = "INSERT INTO rooms(name, seq, ts, oldest) VALUES(?1, 0, 0, 1)",
    [SQL_ROOM_MARK] = "UPDATE rooms SET seq = ?2, ts = ?3 WHERE id = ?1",
    [SQL_ROOM_AFTER] = "SELECT id, seq, oldest FROM rooms WHERE id > ?1 ORDER BY id LIMIT 1",
    [SQL_ROOM_CUT] = "UPDATE rooms SET oldest = ?2 WHERE id = ?1",
    [SQL_ROOM_LIST] = "SELECT name, topic, seq, ts FROM rooms ORDER BY ts DESC, id DESC LIMIT ?1",

    /* The person is the first who was stored with that key: Alice and alice are one. */
    [SQL_USER_FIND] = "SELECT id, (SELECT min(o.id) FROM users AS o WHERE o.key = users.key)"
                      " FROM users WHERE name = ?1",
    [SQL_USER_ADD] = "INSERT INTO users(name, key) VALUES(?1, ?2)",
    [SQL_PERSON_FIND] = "SELECT id FROM users WHERE key = ?1 ORDER BY id LIMIT 1",

    [SQL_CID_FIND] = "SELECT e.seq, e.ts, e.type, e.target FROM events AS e JOIN users AS u"
                     " ON u.id = e.user WHERE e.cid_hash = ?1 AND e.cid = ?2 AND e.room = ?3"
                     " AND u.key = ?4",
    [SQL_EVENT_ADD] =
        "INSERT INTO events(n, room, seq, type, ts, user, target, body, cid, cid_hash,"
        " flag, edited_ts) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    [SQL_EVENT_LAST] = "SELECT max(" NEWEST ", " INDEXED ")",
    [SQL_EVENT_REMOVE] = "DELETE FROM events WHERE n = ?1",
    [SQL_EVENT_AT] = "SELECT n, type, ts, body, flag FROM events"
                     " WHERE room = ?1 AND (type > 0) = 0 AND seq = ?2 UNION ALL"
                     " SELECT n, type, ts, body, flag FROM events"
                     " WHERE room = ?1 AND (type > 0) = 1 AND seq = ?2",
    [SQL_MESSAGE_FIND] = "SELECT e.n, e.body, e.flag, u.key, e.ts, e.edited_ts, e.cid"
                         " FROM events AS e JOIN users AS u ON u.id = e.user"
                         " WHERE e.room = ?1 AND (e.type > 0) = 0 AND e.seq = ?2",
    [SQL_MESSAGE_NEXT] = "SELECT n FROM events"
                         " WHERE room = ?1 AND (type > 0) = 0 AND seq >= ?2 ORDER BY seq LIMIT 1",
    [SQL_MESSAGE_EDIT] = "UPDATE events SET body = ?2, edited_ts = ?3 WHERE n = ?1",
    [SQL_MESSAGE_DELETE] = "UPDATE events SET body = '', flag = 1 WHERE n = ?1",
    [SQL_EDITS_ERASE] = "UPDATE events SET body = '' WHERE room = ?1 AND target = ?2 AND type = 1",

    [SQL_REACTION_FIND] = "SELECT place, seq, ts FROM reactions"
                          " WHERE room = ?1 AND message = ?2 AND emoji = ?3 AND person = ?4",
    [SQL_REACTION_COUNT] = "SELECT count(*), count(DISTINCT emoji), ifnull(sum(emoji = ?3), 0)"
                           " FROM reactions WHERE room = ?1 AND message = ?2",
    /* An emoji keeps its rank for as long as anybody uses it on the message. */
    [SQL_REACTION_ADD] = "INSERT INTO reactions(room, message, emoji, person, user, seq, ts, rank)"
                         " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ifnull((SELECT rank FROM reactions"
                         " WHERE room = ?1 AND message = ?2 AND emoji = ?3 LIMIT 1),"
                         " (SELECT ifnull(max(place), 0) + 1 FROM reactions)))",
    [SQL_REACTION_REMOVE] = "DELETE FROM reactions WHERE place = ?1",
    [SQL_REACTIONS_REMOVE] = "DELETE FROM reactions WHERE room = ?1 AND message = ?2",
    [SQL_REACTIONS] = "SELECT r.emoji, u.name FROM reactions AS r JOIN users AS u ON u.id = r.user"
                      " WHERE r.room = ?1 AND r.message = ?2 ORDER BY r.rank, r.place",

    [SQL_INDEX_DEBT] = "SELECT max(0, " NEWEST " - " INDEXED ")",
    [SQL_INDEX_NEXT] = "INSERT INTO words(rowid, body, room)"
                       " SELECT n, body, 'r' || room FROM events WHERE n > " INDEXED
                       " AND n <= " INDEXED " + ?1 AND type = 0 AND flag = 0",
    [SQL_INDEX_MARK] = "UPDATE meta SET value = max(value, min(value + ?1, " NEWEST "))"
                       " WHERE name = 'indexed'",
    [SQL_INDEX_ADD] = "INSERT INTO words(rowid, body, room)"
                      " SELECT ?1, ?2, 'r' || ?3 WHERE ?1 <= " INDEXED,
    [SQL_INDEX_REMOVE] = "INSERT INTO words(words, rowid, body, room)"
                         " SELECT 'delete', ?1, ?2, 'r' || ?3 WHERE ?1 <= " INDEXED,
    /* FTS5's record of its parts: there are none. */
    [SQL_INDEX_EMPTY] = "INSERT OR REPLACE INTO words_data VALUES(10, zeroblob(7))",
    [SQL_INDEX_SQL] = "SELECT sql FROM sqlite_schema WHERE name = 'words'",
    [SQL_INDEX_REBUILD] = "INSERT INTO words(words) VALUES('rebuild')",

    [SQL_EVENTS_AFTER] =
        COLUMNS EVENTS " AND (e.type > 0) = 0 AND e.seq > ?2 UNION ALL " COLUMNS EVENTS
                       " AND (e.type > 0) = 1 AND e.seq > ?2"
                       " ORDER BY seq LIMIT ?3",
    [SQL_PAGE_BEFORE] =
        COLUMNS EVENTS " AND (e.type > 0) = 0 AND e.seq < ?2 ORDER BY e.seq DESC LIMIT ?3",
    [SQL_PAGE_AFTER] =
        COLUMNS EVENTS " AND (e.type > 0) = 0 AND e.seq > ?2 ORDER BY e.seq LIMIT ?3",
    [SQL_SEARCH] =
        COLUMNS ", e.room, r.name FROM words AS w CROSS JOIN events AS e ON e.n = w.rowid"
                " JOIN users AS u ON u.id = e.user JOIN rooms AS r ON r.id = e.room"
                " WHERE words MATCH ?1 AND w.rowid < ?2 ORDER BY w.rowid DESC",

    [SQL_INDEXED] = "SELECT " INDEXED,
    /* By the table alone, and no page of it that these events are not in: others may be damaged. */
    [SQL_WALK_SPAN] = "SELECT max(n) FROM"
                      " (SELECT n FROM events NOT INDEXED WHERE n >= ?1 ORDER BY n LIMIT ?2)",
    [SQL_WALK] =
        COLUMNS ", e.room, r.name, e.n FROM events AS e NOT INDEXED"
                " LEFT JOIN users AS u ON u.id = e.user LEFT JOIN rooms AS r ON r.id = e.room"
                " WHERE e.n >= ?1 AND e.n <= ?2"
                " AND (?3 IS NULL OR r.name = ?3) AND (?4 IS NULL OR u.key = ?4)"
                " AND e.ts >= ?5 AND e.ts < ?6 AND e.type <= ?7 ORDER BY e.n",
    [SQL_WALK_END] = "SELECT e.n FROM events AS e CROSS JOIN rooms AS r ON r.id = e.room"
                     " WHERE e.type = 0 AND (?1 IS NULL OR r.name = ?1)"
                     " ORDER BY e.n DESC LIMIT 1 OFFSET ?2",
};
