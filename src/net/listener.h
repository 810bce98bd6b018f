/* listener - the listening sockets: accepts, asks the gate, hands each connection to the worker
 * with the fewest.
 * Threads:    one, the thread of the loop it is given (main).
 * Owns:       its sockets and one spare descriptor, which is given up to refuse politely when the
 *             process has no descriptor left.
 * Invariant:  a connection that cannot be had costs the others nothing: the watcher is paused
 *             rather than spun on.
 * Fails:      listener_open returns ERR_SYSTEM after logging which address and why. */
#ifndef HUBBUB_NET_LISTENER_H
#define HUBBUB_NET_LISTENER_H

#include "base/err.h"
#include "net/config.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct gate;
struct listener;
struct worker;

/* workers: borrowed array; all borrowed things outlive the listener. */
MUST_USE enum err listener_open(uv_loop_t *loop, const struct net_config *config, struct gate *gate,
                                struct worker *const *workers, uint32_t worker_count,
                                struct listener **out);

/* True if something can listen on the address, whatever the port; otherwise it is logged why not. */
bool listener_can_use(const char *address);

/* The port that was bound; of interest when port 0 was asked for. */
uint16_t listener_port(const struct listener *l);

/* Stops accepting and closes the sockets at once; frees the listener on a later turn of the loop.
 */
void listener_close(struct listener *l);

#endif
