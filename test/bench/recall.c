/* recall - what it costs a server to remember: storing messages, reading pages of them, and many clients that come
 * back at once. Speaks chat.v2.
 *
 * First senders, each in a room of its own where nobody else is, store messages as fast as the server takes them.
 * Then one client reads random pages, one after the other. Then, while somebody talks to readers, a crowd that had
 * gone comes back all at once and is given what it missed: how late are the readers' messages meanwhile, compared
 * with before? Prints lines for a person and a last one for a program. Exit code 1: the server made a mistake. */
#include "histogram.h"
#include "proc.h"
#include "v2_client.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum option_id {
    PORT,
    PID,
    SENDERS,
    UNDER_WAY,
    MESSAGES,
    PAGES,
    CROWD,
    MISSED,
    READERS,
    RATE,
    OPTIONS
};

static struct {
    const char *name;
    double value;
    const char *text;
} options[OPTIONS] = {
    [PORT] = {"port", 8080, "server's port on 127.0.0.1"},
    [PID] = {"pid", 0, "server's process, for CPU time and memory"},
    [SENDERS] = {"senders", 4, "who store messages, each in a room of its own"},
    [UNDER_WAY] = {"under-way", 256, "messages that each has under way"},
    [MESSAGES] = {"messages", 100000, "that they store"},
    [PAGES] = {"pages", 0, "of 50 messages that are read then"},
    [CROWD] = {"crowd", 0, "clients that come back at once"},
    [MISSED] = {"missed", 1000, "events that each of them has missed"},
    [READERS] = {"readers", 50, "who read on meanwhile"},
    [RATE] = {"rate", 50, "messages a second that they read"},
};

static double option(enum option_id id)
{
    return options[id].value;
}

static void read_options(int argc, char **argv)
{
    for (int i = 1; i + 1 < argc; i += 2) {
        size_t id = 0;

        while (id < OPTIONS &&
               (strncmp(argv[i], "--", 2) != 0 || strcmp(argv[i] + 2, options[id].name) != 0))
            id++;
        if (id == OPTIONS) {
            fprintf(stderr, "recall: no option %s\n", argv[i]);
            exit(2);
        }
        options[id].value = strtod(argv[i + 1], NULL);
    }
}

static void figure(const char *key, double value, const char *text)
{
    static char line[1024] = "result";
    size_t length = strlen(line);

    if (key == NULL) {
        puts(line);
        return;
    }
    printf("%12.6g  %s\n", value, text);
    snprintf(line + length, sizeof line - length, " %s=%.9g", key, value);
}

static uint64_t cpu_ns(void)
{
    return proc_cpu_ns((pid_t)option(PID));
}

static double rss_kib(void)
{
    return (double)proc_rss((pid_t)option(PID)) / 1024;
}

/* room: NULL for one of its own for each. */
static struct v2_client *make_clients(size_t count, const char *name, const char *room)
{
    struct v2_client *clients = calloc(count + 1, sizeof *clients);

    for (size_t i = 0; i < count; i++) {
        clients[i].fd = -1;
        snprintf(clients[i].name, sizeof clients[i].name, "%s%zu", name, i);
        if (room != NULL)
            snprintf(clients[i].room, sizeof clients[i].room, "%s", room);
        else
            snprintf(clients[i].room, sizeof clients[i].room, "room%zu", i);
    }
    return clients;
}

static void join_all(struct v2_client *clients, size_t count)
{
    for (size_t i = 0; i < count; i++)
        v2_open(&clients[i], (uint16_t)option(PORT));
    for (size_t i = 0; i < count; i++)
        while (!clients[i].is_joined)
            v2_turn(1000);
}

/* ---- storing ---- */

static struct {
    uint64_t to_say, acked;
} storing;

/* Words of a kind, so that the index has something to do; the time for whoever measures. */
static void say(struct v2_client *c)
{
    static uint64_t count;
    char text[320];
    uint64_t n = ++count, r = n * 0x9e3779b97f4a7c15u;
    int length = snprintf(text, sizeof text,
                          "{\"type\":\"message\",\"room\":\"%s\",\"cid\":\"%s-%" PRIu64
                          "\",\"body\":\"%016" PRIx64
                          " the word%u of a message that says thing%u and place%u\"}",
                          c->room, c->name, n, v2_now_ns(), (unsigned)(r >> 54),
                          (unsigned)(r >> 44 & 1023), (unsigned)(r >> 34 & 1023));

    v2_send(c, text, (size_t)length);
}

static void on_stored(struct v2_client *c, const char *text, size_t length, uint64_t now)
{
    (void)length;
    (void)now;
    if (!v2_is(text, "ack"))
        return;
    c->seq = v2_number(text, "seq");
    storing.acked++;
    if (storing.to_say == 0)
        return;
    storing.to_say--;
    say(c);
}

static void store(struct v2_client *senders, uint64_t messages)
{
    uint64_t until = storing.acked + messages;

    storing.to_say = messages;
    for (size_t i = 0; i < (size_t)option(SENDERS); i++) {
        for (size_t k = 0; k < (size_t)option(UNDER_WAY) && storing.to_say != 0;
             k++, storing.to_say--)
            say(&senders[i]);
        v2_flush(&senders[i]);
    }
    while (storing.acked < until)
        v2_turn(1000);
}

/* The first tenth warms up: files, caches and tables have their size then. */
static void measure_storing(struct v2_client *senders)
{
    uint64_t messages = (uint64_t)option(MESSAGES), start, cpu;
    double rss;

    store(senders, messages / 10);
    rss = rss_kib();
    start = v2_now_ns();
    cpu = cpu_ns();
    store(senders, messages - messages / 10);
    figure("stored_per_s", (double)(messages - messages / 10) / (double)(v2_now_ns() - start) * 1e9,
           "messages stored and acknowledged a second");
    figure("stored_cpu_us", (double)(cpu_ns() - cpu) / 1e3 / (double)(messages - messages / 10),
           "server CPU us for each");
    figure("rss_kib", rss_kib(), "server KiB after all of them");
    figure("rss_growth_kib", rss_kib() - rss, "server KiB more than after the first tenth");
}

/* ---- pages ---- */

static bool has_page;

static void on_page(struct v2_client *c, const char *text, size_t length, uint64_t now)
{
    (void)now;
    if (!v2_is(text, "history"))
        return;
    if (length < 50 * 100)
        v2_fail(c, "a page that is not full");
    has_page = true;
}

static void measure_pages(struct v2_client *reader)
{
    static struct histogram times;
    uint64_t newest = reader->seq, cpu;
    char text[128];

    reader->on_frame = on_page;
    cpu = cpu_ns();
    for (uint64_t i = 0, r = 1; i < (uint64_t)option(PAGES); i++) {
        uint64_t start = v2_now_ns();

        r = r * 6364136223846793005u + 1442695040888963407u;
        has_page = false;
        v2_send(reader, text,
                (size_t)snprintf(text, sizeof text,
                                 "{\"type\":\"history\",\"room\":\"%s\",\"before\":%" PRIu64
                                 ",\"limit\":50}",
                                 reader->room, 52 + (r >> 20) % (newest - 52)));
        v2_flush(reader);
        while (!has_page)
            v2_turn(1000);
        histogram_add(&times, v2_now_ns() - start);
    }
    figure("page_p50_us", (double)histogram_percentile(&times, 0.5) / 1e3, "us for a page, median");
    figure("page_p99_us", (double)histogram_percentile(&times, 0.99) / 1e3, "us for a page, 99 %");
    figure("page_cpu_us", (double)(cpu_ns() - cpu) / 1e3 / option(PAGES),
           "server CPU us for a page");
}

/* ---- coming back ---- */

static struct histogram *latency;

static void on_live(struct v2_client *c, const char *text, size_t length, uint64_t now)
{
    const char *body = strstr(text, "\"body\":\"");
    uint64_t seq;

    (void)length;
    if (!v2_is(text, "message"))
        return;
    seq = v2_number(text, "seq");
    if (seq != c->seq + 1)
        v2_fail(c, "an event is missing");
    c->seq = seq;
    if (latency != NULL && c->name[0] == 'l' && body != NULL)
        histogram_add(latency, now - strtoull(body + 8, NULL, 16));
}

struct talk {
    struct v2_client *speaker;
    uint64_t next_ns, said;
};

static void talk_turn(struct talk *t)
{
    uint64_t now = v2_now_ns();

    while (t->next_ns <= now) {
        say(t->speaker);
        v2_flush(t->speaker);
        t->said++;
        t->next_ns += (uint64_t)(1e9 / option(RATE));
    }
    v2_turn((int)((t->next_ns - now) / 1000000) + 1);
}

static void talk_for(struct talk *t, uint64_t ns)
{
    uint64_t start = v2_now_ns();

    while (v2_now_ns() - start < ns)
        talk_turn(t);
}

static bool have_all_returned(const struct v2_client *crowd, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!crowd[i].is_joined)
            return false;
    return true;
}

/* A process of its own comes back, for the readers' times are not to have in them what it costs to be the crowd.
 * Ends with exit code 1 if the server makes a mistake, else when it is killed. A byte on all_back: all are. */
static pid_t come_back(struct v2_client *crowd, size_t count, int *all_back)
{
    int ends[2];
    pid_t pid, parent = getpid();

    fflush(stdout); /* or it would be printed twice */
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0 || (pid = fork()) < 0) {
        perror("recall");
        exit(1);
    }
    if (pid != 0) {
        close(ends[1]);
        *all_back = ends[0];
        return pid;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* it has our output, which somebody waits for the end of */
    if (getppid() != parent)
        _exit(1);
    v2_start_anew();
    for (size_t i = 0; i < count; i++)
        v2_open(&crowd[i], (uint16_t)option(PORT));
    while (!have_all_returned(crowd, count))
        v2_turn(-1);
    for (size_t i = 0; i < count; i++)
        if (!crowd[i].is_recovered)
            v2_fail(&crowd[i], "not recovered");
    if (write(ends[1], "", 1) != 1)
        _exit(1);
    for (;;)
        v2_turn(-1);
}

/* False if not yet. */
static bool are_back(int all_back)
{
    char byte;
    ssize_t n = read(all_back, &byte, 1);

    if (n == 0) /* it has ended, and said why */
        exit(1);
    return n == 1;
}

static void miss(struct talk *t, struct v2_client *first)
{
    uint64_t until = first->seq + (uint64_t)option(MISSED);

    for (uint64_t left = (uint64_t)option(MISSED); left > 0 || first->seq < until;) {
        for (unsigned k = 0; k < 50 && left > 0; k++, left--)
            say(t->speaker);
        v2_flush(t->speaker);
        v2_turn(10);
    }
}

static void measure_return(void)
{
    static struct histogram before, meanwhile;
    size_t count = (size_t)option(CROWD), readers = (size_t)option(READERS);
    struct v2_client *crowd = make_clients(count, "crowd", "hall"),
                     *live = make_clients(readers, "live", "hall");
    struct talk t = {.speaker = make_clients(1, "speaker", "hall")};
    uint64_t start, cpu;
    int all_back;
    pid_t pid;

    join_all(live, readers);
    join_all(crowd, count);
    join_all(t.speaker, 1);
    for (size_t i = 0; i < readers; i++)
        live[i].on_frame = on_live;
    for (size_t i = 0; i < count; i++)
        crowd[i].on_frame = on_live;
    v2_turn(300);
    t.next_ns = v2_now_ns();
    talk_for(&t, 500000000);
    latency = &before;
    talk_for(&t, 3000000000);
    latency = NULL;
    for (size_t i = 0; i < count; i++)
        v2_close(&crowd[i]);
    miss(&t, &live[0]);
    t.next_ns = v2_now_ns();
    talk_for(&t, 500000000);

    latency = &meanwhile;
    start = v2_now_ns();
    cpu = cpu_ns();
    pid = come_back(crowd, count, &all_back);
    while (!are_back(all_back))
        talk_turn(&t);
    figure("return_s", (double)(v2_now_ns() - start) / 1e9, "seconds until all had come back");
    figure("return_cpu_us", (double)(cpu_ns() - cpu) / 1e3 / (double)count,
           "server CPU us for each");
    talk_for(&t, 200000000);
    if (waitpid(pid, NULL, WNOHANG) != 0)
        exit(1);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    figure("calm_p99_us", (double)histogram_percentile(&before, 0.99) / 1e3,
           "us until live readers have it, 99 %, before");
    figure("p99_us", (double)histogram_percentile(&meanwhile, 0.99) / 1e3, "the same meanwhile");
    figure("max_us", (double)meanwhile.max / 1e3, "the longest meanwhile");
}

int main(int argc, char **argv)
{
    struct rlimit files;
    struct v2_client *senders;

    read_options(argc, argv);
    signal(SIGPIPE, SIG_IGN);
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    senders = make_clients((size_t)option(SENDERS), "sender", NULL);
    join_all(senders, (size_t)option(SENDERS));
    for (size_t i = 0; i < (size_t)option(SENDERS); i++)
        senders[i].on_frame = on_stored;
    if (option(MESSAGES) != 0)
        measure_storing(senders);
    if (option(PAGES) != 0)
        measure_pages(&senders[0]);
    if (option(CROWD) != 0)
        measure_return();
    figure(NULL, 0, NULL);
    return 0;
}
