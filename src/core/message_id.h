/* message_id - the name of a message: which log, which room in it, which event in the room.
 * Threads:    any.
 * Owns:       nothing.
 * Invariant:  to clients the text is opaque; only this module makes it and takes it apart.
 * Fails:      message_id_read returns false for what message_id_write never wrote. */
#ifndef HUBBUB_CORE_MESSAGE_ID_H
#define HUBBUB_CORE_MESSAGE_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MESSAGE_ID_SIZE = 49, /* with the NUL */
    EPOCH_SIZE = 17,      /* likewise */
};

struct message_id {
    uint64_t epoch; /* of the log: drawn at random when it was made; never 0 */
    uint64_t room;  /* the log's number for the room; from 1 */
    uint64_t seq;   /* of the event in the room; from 1, below 2^53 */
};

/* "9f2c41d0a7b3-1f-2a"; returns out. */
const char *message_id_write(const struct message_id *id, char out[MESSAGE_ID_SIZE]);
bool message_id_read(const char *text, size_t length, struct message_id *id);

/* The epoch alone, as clients see it; returns out. */
const char *epoch_write(uint64_t epoch, char out[EPOCH_SIZE]);
/* 0 if the text is no epoch. */
uint64_t epoch_read(const char *text, size_t length);

#endif
