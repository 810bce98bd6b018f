#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

struct address_key address_key(const struct sockaddr_storage *peer)
{
    struct address_key key = {{0}};

    if (peer->ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)peer;

        memcpy(key.bytes, mapped_prefix, sizeof mapped_prefix);
        memcpy(key.bytes + sizeof mapped_prefix, &v4->sin_addr, 4);
    } else if (peer->ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)peer;

        memcpy(key.bytes, &v6->sin6_addr, IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr) ? 16 : 8);
    }
    return key;
}

const char *address_text(const struct sockaddr_storage *peer, char out[ADDRESS_TEXT_SIZE])
{
    const char *text = NULL;

    if (peer->ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)peer;

        text = inet_ntop(AF_INET, &v4->sin_addr, out, ADDRESS_TEXT_SIZE);
    } else if (peer->ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)peer;

        text = IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)
                   ? inet_ntop(AF_INET, v6->sin6_addr.s6_addr + 12, out, ADDRESS_TEXT_SIZE)
                   : inet_ntop(AF_INET6, &v6->sin6_addr, out, ADDRESS_TEXT_SIZE);
    }
    if (text == NULL)
        snprintf(out, ADDRESS_TEXT_SIZE, "unknown");
    return out;
}
