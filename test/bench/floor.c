/* floor - the least that a chat server can cost on this machine.
 * One thread, epoll, no library: it upgrades WebSocket clients, puts those with the same room
 * together and sends the bytes that hubbub would send, gathered per turn. It trusts its clients:
 * no limits, no JSON parser, no UTF-8 check. hubbub is measured as a ratio to it.
 *
 *     floor --port 0 --ready-fd 3 [--send-buffer BYTES] [--fault drop|double|swap] */
#include "floor_room.h"
#include "ws.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 1024, INPUT_SIZE = 1 << 16 };

static int epoll;
static int listener;
static uint8_t input[INPUT_SIZE]; /* one client's turn at a time */

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void watch(struct client *c, int operation)
{
    struct epoll_event e = {.events = c->choked ? EPOLLIN | EPOLLOUT : EPOLLIN, .data.ptr = c};

    if (epoll_ctl(epoll, operation, c->fd, &e) != 0)
        die("epoll_ctl");
}

static void choke_changed(struct client *c)
{
    watch(c, EPOLL_CTL_MOD);
}

static void accept_all(void)
{
    int fd;

    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct client *c = calloc(1, sizeof *c);

        if (c == NULL)
            die("calloc");
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        c->fd = fd;
        watch(c, EPOLL_CTL_ADD);
    }
    if (errno != EAGAIN)
        die("accept");
}

static void client_close(struct client *c)
{
    room_leave(c);
    close(c->fd);
    free(c->input);
    free(c);
}

/* Copies the value of name=... in the query, or the default. */
static void query_value(const char *query, const char *name, const char *otherwise, char *out)
{
    const char *p = strstr(query, name);
    size_t n = 0;

    p = p != NULL ? p + strlen(name) : otherwise;
    while (n < NAME_SIZE - 1 && p[n] != '\0' && p[n] != '&' && p[n] != ' ')
        n++;
    memcpy(out, p, n);
    out[n] = '\0';
}

/* Answers the upgrade; returns the bytes used, 0 if more are needed, -1 to close. */
static ssize_t handshake(struct client *c, char *text, size_t length)
{
    static const char key_name[] = "\r\nSec-WebSocket-Key: ";
    char answer[256], accept[WS_ACCEPT_SIZE], room[NAME_SIZE];
    char *end = memmem(text, length, "\r\n\r\n", 4), *key;
    int n;

    if (end == NULL)
        return 0;
    *end = '\0';
    key = strcasestr(text, key_name);
    if (strncmp(text, "GET /ws?", 8) != 0 || key == NULL)
        return -1;
    key += sizeof key_name - 1;
    ws_accept(key, strcspn(key, "\r"), accept);
    n = snprintf(answer, sizeof answer,
                 "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                 "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                 accept);
    if (send(c->fd, answer, (size_t)n, MSG_NOSIGNAL) != n)
        return -1;
    text[strcspn(text, "\r")] = '\0';
    query_value(text, "username=", "nobody", c->name);
    query_value(text, "room=", "lobby", room);
    room_join(c, room);
    return end + 4 - text;
}

/* Takes one frame; same results as handshake. */
static ssize_t take_frame(struct client *c, uint8_t *p, size_t length)
{
    static const char before[] = "\"body\":\"";
    struct ws_frame f;
    char *payload, *body;

    if (!ws_parse(p, length, &f) || length - f.head < f.length)
        return 0;
    if (f.opcode == WS_CLOSE || f.mask == NULL)
        return -1;
    payload = (char *)p + f.head;
    ws_mask((uint8_t *)payload, (size_t)f.length, f.mask);
    body = memmem(payload, (size_t)f.length, before, sizeof before - 1);
    if (f.opcode == WS_TEXT && body != NULL) {
        body += sizeof before - 1;
        room_message(c, body, (size_t)(payload + f.length - body) - strlen("\"}"));
    }
    return (ssize_t)(f.head + f.length);
}

static bool client_read(struct client *c)
{
    size_t have = c->input_length, used = 0;
    ssize_t n;

    if (have != 0)
        memcpy(input, c->input, have);
    n = recv(c->fd, input + have, sizeof input - have, 0);
    if (n <= 0)
        return n < 0 && errno == EAGAIN;
    have += (size_t)n;
    do {
        n = c->room == NULL ? handshake(c, (char *)input + used, have - used)
                            : take_frame(c, input + used, have - used);
        used += n > 0 ? (size_t)n : 0;
    } while (n > 0 && used < have);
    if (n < 0)
        return false;
    c->input_length = have - used;
    if (c->input_length == 0) {
        free(c->input);
        c->input = NULL;
        return true;
    }
    c->input = realloc(c->input, c->input_length);
    if (c->input == NULL)
        die("realloc");
    memcpy(c->input, input + used, c->input_length);
    return true;
}

static void client_event(struct client *c, uint32_t events)
{
    if ((events & EPOLLOUT) != 0 && c->room != NULL)
        room_drain(c);
    if ((events & ~(uint32_t)EPOLLOUT) != 0 && !client_read(c))
        client_close(c);
}

static uint16_t listen_on(uint16_t port, int send_buffer)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
    socklen_t size = sizeof a;

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (send_buffer != 0)
        setsockopt(listener, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer);
    if (bind(listener, (struct sockaddr *)&a, sizeof a) != 0 || listen(listener, 4096) != 0)
        die("listen");
    getsockname(listener, (struct sockaddr *)&a, &size);
    return ntohs(a.sin_port);
}

static void serve(void)
{
    struct epoll_event events[EVENTS], e = {.events = EPOLLIN, .data.ptr = NULL};
    int timeout = -1;

    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &e) != 0)
        die("epoll_ctl");
    for (;;) {
        int n = epoll_wait(epoll, events, EVENTS, timeout);

        for (int i = 0; i < n; i++) {
            if (events[i].data.ptr == NULL)
                accept_all();
            else
                client_event(events[i].data.ptr, events[i].events);
        }
        timeout = rooms_flush();
    }
}

static enum fault fault_named(const char *name)
{
    static const char *const names[] = {"none", "drop", "double", "swap"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return (enum fault)i;
    fprintf(stderr, "floor: --fault is drop, double or swap\n");
    exit(2);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"port", required_argument, NULL, 'p'},
                                            {"ready-fd", required_argument, NULL, 'r'},
                                            {"send-buffer", required_argument, NULL, 's'},
                                            {"fault", required_argument, NULL, 'f'},
                                            {0}};
    struct rlimit files;
    int option, port = 0, ready_fd = -1, send_buffer = 128 * 1024;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'p':
            port = atoi(optarg);
            break;
        case 'r':
            ready_fd = atoi(optarg);
            break;
        case 's':
            send_buffer = atoi(optarg);
            break;
        case 'f':
            rooms_set_fault(fault_named(optarg));
            break;
        default:
            return 2;
        }
    }
    signal(SIGPIPE, SIG_IGN);
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    rooms_on_choke(choke_changed);
    port = listen_on((uint16_t)port, send_buffer);
    if (ready_fd >= 0) {
        dprintf(ready_fd, "%d\n", port);
        close(ready_fd);
    }
    serve();
}
