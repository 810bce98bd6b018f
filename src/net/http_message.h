/* http_message - reading a request's headers and writing a response's, for all that speaks HTTP here.
 * Threads:    the connection's worker's.
 * Owns:       nothing; struct http_headers holds its bytes.
 * Invariant:  every response carries the security headers; one that ends the connection says so.
 * Fails:      -1, as libwebsockets' callbacks want it, when the connection has to end. */
#ifndef HUBBUB_NET_HTTP_MESSAGE_H
#define HUBBUB_NET_HTTP_MESSAGE_H

#include <libwebsockets.h>
#include <stdbool.h>
#include <stddef.h>

enum {
    /* A request's headers in all. Browsers send the cookies of everything that runs on a host, whatever
     * its port, so on localhost there may be many. */
    HTTP_REQUEST_MAX = 16 * 1024,
    HTTP_PATH_SIZE = HTTP_REQUEST_MAX + 1,
    HTTP_HEADERS_SIZE = 2048, /* of a response */
};

/* ---- requests ---- */

/* Compared without regard to case. */
bool http_header_is(struct lws *wsi, enum lws_token_indexes token, const char *wanted);

/* One of the comma-separated words of a header, compared with strcmp or strcasecmp. */
bool http_header_has_word(struct lws *wsi, enum lws_token_indexes token, const char *word,
                          int (*compare)(const char *, const char *));

/* Accept-Encoding (RFC 9110, 12.5.3). */
bool http_accepts_gzip(struct lws *wsi);

/* The decoded path of a GET or HEAD request; false if it is neither. */
bool http_path(struct lws *wsi, char out[HTTP_PATH_SIZE]);

/* A check of a request, and what it is told that fails: the response says why and ends the connection,
 * because after a request that was not understood the next one cannot be trusted either. */
struct http_rule {
    bool (*is_fine)(struct lws *wsi);
    unsigned status;
    const char *text;         /* one line with its end */
    const char *name, *value; /* a further header, or NULL */
};

/* True if a rule was broken, and the refusal sent. */
bool http_refused(struct lws *wsi, const struct http_rule *rules, size_t count);

/* For rules: HTTP/1.0, or HTTP/1.1 with a Host (RFC 9112, 3.2). */
bool http_is_well_formed(struct lws *wsi);

/* ---- responses ---- */

struct http_headers {
    struct lws *wsi;
    unsigned char buffer[LWS_PRE + HTTP_HEADERS_SIZE];
    unsigned char *at, *end;
    bool is_ok; /* false: they did not fit */
};

void http_begin(struct http_headers *h, struct lws *wsi, unsigned status);
void http_add(struct http_headers *h, const char *name, const char *value);
void http_add_content(struct http_headers *h, const char *media_type, size_t length);

/* Sends headers that a body follows, or none. */
int http_send_headers(struct http_headers *h);

/* Sends a line of text with its headers. */
int http_send_text(struct lws *wsi, unsigned status, const char *text);

#endif
