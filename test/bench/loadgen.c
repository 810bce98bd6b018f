/* loadgen - many WebSocket clients in one thread, which measure a chat server and check it.
 *
 * It connects the clients, waits until all is quiet, sends for the warm-up, lets everything arrive,
 * and then does the same again, measured. The server's CPU time is taken while nothing is under
 * way, so it is the cost of exactly the counted deliveries. Exit code: 0; 1 the server made a
 * mistake (each delivery is checked: once, in the same order for all); 2 loadgen itself could not
 * do it. */
#include "load_client.h"
#include "proc.h"

#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum option_id {
    PORT,
    PID,
    CLIENTS,
    SENDERS,
    ROOMS,
    SIZE,
    UNDER_WAY,
    RATE,
    SECONDS,
    MESSAGES,
    WARM_UP,
    IDLE,
    IDLE_ROOM,
    STUCK,
    QUIET,
    PARALLEL,
    PING_PONG,
    STORM,
    OPTIONS
};

static struct {
    const char *name;
    double value, min, max;
    const char *text;
} options[OPTIONS] = {
    [PORT] = {"port", 8080, 1, 65535, "server's port on 127.0.0.1"},
    [PID] = {"pid", 0, 0, 1e9, "server's process, for CPU time and memory; 0: not measured"},
    [CLIENTS] = {"clients", 100, 0, 1e6, "clients in the rooms with traffic, senders among them"},
    [SENDERS] = {"senders", 1, 0, 99999, "how many of them send"},
    [ROOMS] = {"rooms", 1, 1, 1e6, "rooms over which the clients are spread"},
    [SIZE] = {"size", 100, BODY_SIZE_MIN, 16000, "bytes of a message's body"},
    [UNDER_WAY] = {"under-way", 1, 1, 1e6, "closed loop: messages each sender has under way"},
    [RATE] = {"rate", 0, 0, 1e6, "open loop: messages per second of all senders; 0: closed loop"},
    [SECONDS] = {"seconds", 2, 0, 86400, "how long to send, measured"},
    [MESSAGES] = {"messages", 0, 0, 1e9, "send that many, measured, however long it takes"},
    [WARM_UP] = {"warm-up", 0.5, 0, 86400, "seconds to send before that"},
    [IDLE] = {"idle", 0, 0, 1e6, "further clients in rooms without traffic"},
    [IDLE_ROOM] = {"idle-room", 100, 1, 1e6, "how many of those share a room"},
    [STUCK] = {"stuck", 0, 0, 1e6, "further clients in the rooms with traffic, who stop reading"},
    [QUIET] = {"quiet", 300, 10, 60000, "milliseconds without a byte that count as quiet"},
    [PARALLEL] = {"parallel", 1000, 1, 1e6, "connections being opened at a time"},
    [PING_PONG] = {"ping-pong", 0, 0, 1, "1: a message is answered by the other of two senders"},
    [STORM] = {"storm", 0, 0, 1,
               "1: measure how long joining takes until all is quiet; no messages"},
};

static double option(enum option_id id)
{
    return options[id].value;
}

static void help(void)
{
    puts("Usage: loadgen --port PORT [--OPTION VALUE]...\n");
    for (size_t i = 0; i < OPTIONS; i++)
        printf("  --%-10s %s (%g)\n", options[i].name, options[i].text, options[i].value);
    exit(0);
}

static void usage(const char *what, const char *text)
{
    fprintf(stderr, "loadgen: %s: %s; --help lists the options\n", what, text);
    exit(2);
}

static void read_options(int argc, char **argv)
{
    for (int i = 1; i < argc; i += 2) {
        size_t id = 0;
        char *end;

        if (strcmp(argv[i], "--help") == 0)
            help();
        while (id < OPTIONS &&
               (strncmp(argv[i], "--", 2) != 0 || strcmp(argv[i] + 2, options[id].name) != 0))
            id++;
        if (id == OPTIONS || i + 1 == argc)
            usage(argv[i], id == OPTIONS ? "no such option" : "needs a value");
        options[id].value = strtod(argv[i + 1], &end);
        if (*end != '\0' || end == argv[i + 1] ||
            !(option((enum option_id)id) >= options[id].min &&
              option((enum option_id)id) <= options[id].max))
            usage(argv[i], "its value is not a number within its range");
    }
    if (option(SENDERS) > option(CLIENTS))
        usage("--senders", "more than --clients");
    if (option(PING_PONG) != 0 && (option(CLIENTS) != 2 || option(SENDERS) != 2))
        usage("--ping-pong", "needs --clients 2 --senders 2");
}

static void need_descriptors(double count)
{
    struct rlimit files;

    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    if ((double)files.rlim_max < count) {
        fprintf(stderr, "loadgen: needs %.0f descriptors, the limit is %ju (ulimit -Hn)\n", count,
                (uintmax_t)files.rlim_max);
        exit(2);
    }
}

/* What is known of server and generator at a moment when nothing is under way. */
struct snapshot {
    uint64_t time_ns, server_cpu_ns, own_cpu_ns, server_rss, deliveries, last_byte_ns;
};

static struct snapshot snapshot_take(void)
{
    pid_t pid = (pid_t)option(PID);

    return (struct snapshot){.time_ns = now_ns(),
                             .server_cpu_ns = pid != 0 ? proc_cpu_ns(pid) : 0,
                             .own_cpu_ns = proc_cpu_ns(getpid()),
                             .server_rss = pid != 0 ? proc_rss(pid) : 0,
                             .deliveries = load.deliveries,
                             .last_byte_ns = load.last_byte_ns};
}

static void wait_quiet(double ms)
{
    uint64_t start = now_ns(), last, needed = (uint64_t)(ms * 1e6);

    for (;;) {
        uint64_t now = now_ns();

        last = load.last_byte_ns > start ? load.last_byte_ns : start;
        if (now - last >= needed)
            return;
        load_turn((int)((needed - (now - last)) / 1000000) + 1, -1);
    }
}

static void join_all(void)
{
    uint64_t start = now_ns();
    uint32_t all = load.active + load.idle + load.stuck;

    while (!load_all_joined()) {
        load_turn(1000, -1);
        if (now_ns() - start > 120000000000ULL)
            mistake("only %" PRIu32 " of %" PRIu32 " clients joined in two minutes (%" PRIu32
                    " upgraded)",
                    load.joined, all, load.upgraded);
    }
    wait_quiet(option(QUIET));
}

static struct {
    uint64_t until_ns, left;
} traffic;

static bool traffic_open(void)
{
    return traffic.left != 0 && now_ns() < traffic.until_ns;
}

static bool traffic_answers(void)
{
    if (option(RATE) != 0 || !traffic_open())
        return false;
    traffic.left--;
    return true;
}

/* Sends by the clock, whatever the answers do. A message that is sent late carries the time when it
 * should have been sent, so that a generator or server that stalls does not look fast. */
static void send_by_rate(uint64_t start)
{
    uint64_t interval = (uint64_t)(1e9 / option(RATE)), next = start + interval, expirations;
    struct itimerspec every = {.it_value = {.tv_nsec = (long)(interval % 1000000000),
                                            .tv_sec = (time_t)(interval / 1000000000)}};
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    uint32_t sender = 0;

    every.it_interval = every.it_value;
    timerfd_settime(timer, 0, &every, NULL);
    while (traffic_open()) {
        load_turn(-1, timer);
        if (read(timer, &expirations, sizeof expirations) != sizeof expirations)
            continue;
        for (uint64_t now = now_ns(); next <= now && traffic.left != 0; next += interval) {
            load_send(sender, next);
            sender = (sender + 1) % load.senders;
            traffic.left--;
        }
    }
    load_turn(0, -1);
    close(timer);
}

/* The first messages; the deliveries bring about all others. */
static void send_first(void)
{
    uint32_t first = load.ping_pong ? 1 : load.senders;

    for (uint32_t i = 0; i < first; i++)
        for (double w = 0; w < option(UNDER_WAY) && traffic.left != 0; w++, traffic.left--)
            load_send(i, now_ns());
}

/* Sends for so long or so many, and returns when everything has arrived. */
static void traffic_run(double seconds, double messages)
{
    uint64_t start = now_ns(), last;

    if (load.senders == 0 || (seconds == 0 && messages == 0))
        return;
    traffic.until_ns = messages != 0 ? UINT64_MAX : start + (uint64_t)(seconds * 1e9);
    traffic.left = messages != 0 ? (uint64_t)messages : UINT64_MAX;
    if (option(RATE) != 0)
        send_by_rate(start);
    else
        send_first();
    while (load.deliveries < load.expected || (option(RATE) == 0 && traffic_open())) {
        load_turn(1000, -1);
        last = load.last_delivery_ns > start ? load.last_delivery_ns : start;
        if (now_ns() - last > 10000000000ULL) {
            load_check_complete();
            mistake("nothing arrived for 10 s, %" PRIu64 " deliveries are missing",
                    load.expected - load.deliveries);
        }
    }
    wait_quiet(20);
}

static double microseconds(double share)
{
    return (double)histogram_percentile(&load.latency, share) / 1e3;
}

/* For a person, and then in one line for a program; what was not measured (NAN) is left out. */
static void report(const struct snapshot *empty, const struct snapshot *joined,
                   const struct snapshot *before, const struct snapshot *after)
{
    double deliveries = (double)(after->deliveries - before->deliveries);
    double wall = (double)(after->time_ns - before->time_ns);
    double clients = (double)load.active + load.idle;
    double cpu = (double)(after->server_cpu_ns - before->server_cpu_ns);
    double traffic_only = deliveries != 0 ? 1 : NAN;
    double server_only = option(PID) != 0 ? 1 : NAN;
    const struct {
        const char *key, *text;
        double value;
    } figures[] = {
        {"clients", "clients", clients},
        {"join_s", "seconds until all had joined and all was quiet",
         (double)(joined->last_byte_ns - empty->time_ns) / 1e9},
        {"join_cpu_s", "server CPU seconds for that",
         server_only * (double)(joined->server_cpu_ns - empty->server_cpu_ns) / 1e9},
        {"joins", "join events seen", (double)load.joins},
        {"joins_expected", "join events if none were collapsed", (double)load_joins_expected()},
        {"users", "user lists seen", (double)load.users},
        {"empty_rss_kib", "server KiB before the first client",
         server_only * (double)empty->server_rss / 1024},
        {"connection_kib", "server KiB for each client",
         server_only * ((double)joined->server_rss - (double)empty->server_rss) / 1024 / clients},
        {"deliveries", "deliveries, each checked", deliveries},
        {"deliveries_per_s", "deliveries per second",
         traffic_only * deliveries / (double)(load.last_delivery_ns - before->time_ns) * 1e9},
        {"p50_us", "latency us, median", traffic_only * microseconds(0.5)},
        {"p95_us", "latency us, 95 %", traffic_only * microseconds(0.95)},
        {"p99_us", "latency us, 99 %", traffic_only * microseconds(0.99)},
        {"max_us", "latency us, longest", traffic_only * (double)load.latency.max / 1e3},
        {"cpu_us", "server CPU us per delivery",
         server_only * traffic_only * cpu / deliveries / 1e3},
        {"server_busy", "server's share of a core", server_only * traffic_only * cpu / wall},
        {"generator_busy", "generator's share of a core",
         traffic_only * (double)(after->own_cpu_ns - before->own_cpu_ns) / wall},
    };

    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        if (!isnan(figures[i].value))
            printf("%14.6g  %s\n", figures[i].value, figures[i].text);
    printf("result");
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        if (!isnan(figures[i].value))
            printf(" %s=%.9g", figures[i].key, figures[i].value);
    putchar('\n');
}

static void load_set(void)
{
    load.port = (uint16_t)option(PORT);
    load.active = (uint32_t)option(CLIENTS);
    load.idle = (uint32_t)option(IDLE);
    load.stuck = (uint32_t)option(STUCK);
    load.idle_room = (uint32_t)option(IDLE_ROOM);
    load.rooms = (uint32_t)option(ROOMS);
    load.senders = option(STORM) != 0 ? 0 : (uint32_t)option(SENDERS);
    load.parallel = (uint32_t)option(PARALLEL);
    load.body_size = (size_t)option(SIZE);
    load.ping_pong = option(PING_PONG) != 0;
    load.may_send = traffic_answers;
}

int main(int argc, char **argv)
{
    struct snapshot empty, joined, before, after;

    read_options(argc, argv);
    need_descriptors(option(CLIENTS) + option(IDLE) + option(STUCK) + 16);
    signal(SIGPIPE, SIG_IGN);
    load_set();
    load_open();
    empty = snapshot_take();
    join_all();
    joined = snapshot_take();
    traffic_run(option(WARM_UP), 0);
    load.latency = (struct histogram){0};
    before = snapshot_take();
    traffic_run(option(SECONDS), option(MESSAGES));
    after = snapshot_take();
    wait_quiet(100); /* whatever comes too often comes now */
    load_check_complete();
    report(&empty, &joined, &before, &after);
    return 0;
}
