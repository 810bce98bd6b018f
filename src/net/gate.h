/* gate - how many connections there are, in all and from each address, and whether one more may
 * come.
 * Threads:    any; gate.lock covers the counts and is held for a hash look-up.
 * Owns:       its table: one entry an address that has a connection.
 * Invariant:  every OK from gate_enter is matched by one gate_leave with the same key.
 * Fails:      GATE_FULL and GATE_ADDRESS_FULL; nothing is counted then. */
#ifndef HUBBUB_NET_GATE_H
#define HUBBUB_NET_GATE_H

#include "net/address.h"

#include <stdint.h>

enum gate_answer { GATE_OPEN, GATE_FULL, GATE_ADDRESS_FULL };

struct gate;

/* 0 switches a limit off. */
struct gate *gate_create(uint32_t max_total, uint32_t max_per_address);
void gate_destroy(struct gate *g);

enum gate_answer gate_enter(struct gate *g, const struct address_key *key);
void gate_leave(struct gate *g, const struct address_key *key);

#endif
