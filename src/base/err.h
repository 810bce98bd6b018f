/* err - result codes shared by all layers.
 * Threads:    any.
 * Owns:       nothing.
 * Invariant:  OK is 0.
 * Fails:      never. */
#ifndef HUBBUB_BASE_ERR_H
#define HUBBUB_BASE_ERR_H

#define MUST_USE __attribute__((warn_unused_result))

enum err {
    OK = 0,
    ERR_NOMEM,       /* memory for something whose size the network chose could not be had */
    ERR_FULL,        /* a bound was reached; nothing was changed */
    ERR_INVALID,     /* the input breaks its rules */
    ERR_TOO_LONG,    /* the input is longer than its limit */
    ERR_TAKEN,       /* somebody else holds it */
    ERR_SYSTEM,      /* the operating system said no; errno tells why */
    ERR_NOT_FOUND,   /* there is no such thing, or not any more */
    ERR_FORBIDDEN,   /* it belongs to somebody else */
    ERR_UNAVAILABLE, /* it cannot be stored or read now; later perhaps */
};

#endif
