/* address - where a connection comes from, as a key for counting and a text for logs.
 * Threads:    any.
 * Owns:       nothing.
 * Invariant:  an IPv4 address and its IPv6-mapped form give the same key; an IPv6 key is the /64,
 *             because one host has as many addresses in it as it likes.
 * Fails:      never. */
#ifndef HUBBUB_NET_ADDRESS_H
#define HUBBUB_NET_ADDRESS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct address_key {
    uint8_t bytes[16];
};

struct address_key address_key(const struct sockaddr_storage *peer);

enum { ADDRESS_TEXT_SIZE = 64 };

/* "192.0.2.1" or "2001:db8::1"; returns out. */
const char *address_text(const struct sockaddr_storage *peer, char out[ADDRESS_TEXT_SIZE]);

#endif
