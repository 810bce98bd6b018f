#include "app/option_table.h"
#include "app/options.h"

#define K         ((uint64_t)1024)
#define M         (K * 1024)
#define G         (M * 1024)
#define SECOND    ((uint64_t)1000)
#define HOUR      (3600 * SECOND)
#define DAY       (24 * HOUR)
#define AT(field) offsetof(struct options, field)

const struct option option_table[] = {
    {"port", OPTION_UINT, AT(port), "8080", 1, 65535, "any free port", "TCP port to listen on"},
    {"address", OPTION_TEXT, AT(address), "", 0, 0, NULL,
     "address or host name to listen on; empty: all, IPv6 and IPv4"},
    {"static_dir", OPTION_TEXT, AT(static_dir), "", 0, 0, NULL,
     "folder with the browser client; empty: the one that came with the program"},
    {"workers", OPTION_UINT, AT(workers), "0", 1, 64, "one a core, up to 8",
     "threads that serve connections"},
    {"max_connections", OPTION_UINT, AT(max_connections), "10000", 1, 10000000, "no limit",
     "connections at a time; more are refused with status 503"},
    {"max_connections_per_address", OPTION_UINT, AT(max_connections_per_address), "512", 1,
     10000000, "no limit",
     "connections at a time from one IPv4 address or IPv6 /64; behind a proxy set it to 0"},
    {"allowed_origins", OPTION_ORIGINS, AT(allowed_origins), "", 0, 0, NULL,
     "web origins whose pages may connect, beside the server's own"},
    {"message_rate", OPTION_UINT, AT(message_rate), "50", 1, 1000000, "no limit",
     "messages a second that one connection may send in the long run; each whole KiB counts as one "
     "message more, a search as five, 16 KiB of the past as one"},
    {"message_burst", OPTION_UINT, AT(message_burst), "200", 1, 1000000, NULL,
     "messages that one connection may send at once"},
    {"max_body", OPTION_SIZE, AT(max_body), "16k", 1, M, NULL,
     "longest body of a message, in bytes of UTF-8"},
    {"max_frame", OPTION_SIZE, AT(max_frame), "64k", K, 16 * M, NULL,
     "longest WebSocket message taken from a client, all its fragments together"},
    {"journal", OPTION_CHOICE, AT(journal), "sqlite", 0, 0, "sqlite|memory",
     "where messages are kept: in the file hubbub.db of state_dir, or in memory until the server "
     "stops"},
    {"state_dir", OPTION_TEXT, AT(state_dir), "", 0, 0, NULL,
     "folder for what has to last; empty: the service manager's ($STATE_DIRECTORY), else hubbub in "
     "$XDG_STATE_HOME or ~/.local/state"},
    {"journal_sync", OPTION_CHOICE, AT(journal_sync), "normal", 0, 0, "normal|full",
     "what a message survives once it is acknowledged: normal, a crash of the server; full, a "
     "power "
     "cut too"},
    {"history_max_age", OPTION_DURATION, AT(history_max_age), "0", 1, 100 * 365 * DAY, "no limit",
     "age at which messages are removed"},
    {"history_max_messages", OPTION_SIZE, AT(history_max_messages), "0", 1, 1000 * G, "no limit",
     "messages and changes of messages that a room keeps, older ones are removed; in memory 1000 "
     "at "
     "most"},
    {"max_rooms", OPTION_UINT, AT(max_rooms), "50", 1, 10000, NULL,
     "rooms that one connection may be in at a time"},
    {"hold_time", OPTION_DURATION, AT(hold_time), "10s", 1, HOUR, "no holding",
     "time that a name is held for its owner after the connection broke, before the others are "
     "told "
     "that it left"},
    {"server_name", OPTION_TEXT, AT(server_name), "hubbub", 0, 0, NULL,
     "what the server is called, for people"},
    {"ring_frames", OPTION_UINT, AT(ring_frames), "4096", 8, 1000000, NULL,
     "frames that may wait for one slow reader before it is disconnected"},
    {"ring_bytes", OPTION_SIZE, AT(ring_bytes), "1m", 16 * K, G, NULL,
     "bytes that may wait for one slow reader before it is disconnected; at least twice max_frame"},
    {"send_buffer", OPTION_SIZE, AT(send_buffer), "128k", 4 * K, 64 * M, "the kernel's choice",
     "kernel send buffer of each connection"},
    {"header_timeout", OPTION_DURATION, AT(header_timeout), "10s", 1, HOUR, "no limit",
     "time for a client to send its request"},
    {"join_timeout", OPTION_DURATION, AT(join_timeout), "10s", 1, HOUR, "no limit",
     "time for a client to join after it connected"},
    {"ping_interval", OPTION_DURATION, AT(ping_interval), "30s", 1, HOUR, "no pings",
     "silence after which a client is pinged"},
    {"ping_timeout", OPTION_DURATION, AT(ping_timeout), "10s", 1, HOUR, NULL,
     "time to answer a ping before the client counts as gone"},
    {"drain_time", OPTION_DURATION, AT(drain_time), "5s", 1, 600 * SECOND, "no waiting",
     "time that a stopping server gives its clients to read what waits for them"},
    {"log_level", OPTION_CHOICE, AT(log_level), "info", 0, 0, "error|warn|info|debug",
     "least important lines to log"},
    {"ready_fd", OPTION_FD, AT(ready_fd), "-1", 0, 65535, NULL,
     "file descriptor to write the port to, as a line, once clients can connect"},
};

const size_t option_count = sizeof option_table / sizeof *option_table;
