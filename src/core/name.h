/* name - who somebody is and what a room is called: the rules of docs/protocol.md, "Names".
 * Threads:    any; a username is immutable once made and its count is atomic.
 * Owns:       username_make returns a new reference, to be given to username_unref.
 * Invariant:  text is NFC and trimmed, and each run of blanks inside is one U+0020; two usernames
 *             are the same person's iff their keys are equal byte for byte (NFKC, case-folded).
 * Fails:      ERR_INVALID or ERR_TOO_LONG with a reason for a person; out-parameters change only
 *             on OK. */
#ifndef HUBBUB_CORE_NAME_H
#define HUBBUB_CORE_NAME_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    USERNAME_MAX_GRAPHEMES = 32,
    USERNAME_MAX_BYTES = 128,   /* of the NFC form */
    ROOM_NAME_MAX_LETTERS = 64, /* code points */
    ROOM_NAME_MAX_BYTES = 256,  /* of the folded form, 4 bytes a letter at most */
};

struct username {
    _Atomic uint32_t refs;
    uint16_t text_length; /* bytes, without the NUL */
    uint16_t key_length;
    const char *key; /* points into this allocation; NUL-terminated */
    char text[];     /* NUL-terminated */
};

/* input: length bytes as they came, not NUL-terminated, any bytes. On failure *reason (static) is a
 * sentence for the person, such as "Please choose a name.". */
MUST_USE enum err username_make(const char *input, size_t length, struct username **out,
                                const char **reason);
/* From what was made once and kept: text and key as they were then. */
struct username *username_restore(const char *text, size_t text_length, const char *key,
                                  size_t key_length);
struct username *username_ref(struct username *u);
/* Drops one reference and sets *u to NULL; NULL is allowed. */
void username_unref(struct username **u);

/* True if it may stand as a reaction: like a username, mostly one emoji. */
bool emoji_is_fine(const char *bytes, size_t length);

/* Writes the case-folded room name, NUL-terminated, to out. */
MUST_USE enum err room_name_make(const char *input, size_t length,
                                 char out[ROOM_NAME_MAX_BYTES + 1], const char **reason);

#endif
