/* config - what the composition root tells the network layer; all borrowed and constant while it
 * runs.
 * Threads:    any, read only.
 * Owns:       nothing.
 * Invariant:  never changes after the workers started.
 * Fails:      never. Times are in milliseconds; 0 switches a limit off. */
#ifndef HUBBUB_NET_CONFIG_H
#define HUBBUB_NET_CONFIG_H

#include "core/shard.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct static_files;

struct net_config {
    const char *address;  /* "" or NULL: all addresses, IPv6 and IPv4 */
    uint16_t port;        /* 0: any free one */
    int descriptor_limit; /* file descriptors are below it; 0: not known */
    uint32_t max_connections;
    uint32_t max_connections_per_address;
    uint64_t header_timeout;
    uint64_t join_timeout;
    uint64_t ping_interval;
    uint64_t ping_timeout;
    size_t max_frame;   /* bytes of one message from a client, over all its fragments */
    size_t send_buffer; /* SO_SNDBUF of each connection, bytes; 0: the kernel's choice */
    const char *allowed_origins;
    const struct static_files *files;
    bool (*is_ready)(void *arg); /* any thread: whether messages can be stored */
    void *is_ready_arg;
    struct rules rules;
};

#endif
