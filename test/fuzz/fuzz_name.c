/* Any bytes as a username and as a room. What is accepted must be UTF-8 within the limits, and must
 * be accepted again as it is: a name that came back from the server can be sent to it. */
#include "core/name.h"
#include "core/utf8.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_username(const char *input, size_t length)
{
    struct username *u, *again;
    const char *reason = NULL;

    if (username_make(input, length, &u, &reason) != OK) {
        if (reason == NULL)
            abort();
        return;
    }
    if (u->text_length == 0 || u->text_length > USERNAME_MAX_BYTES || u->key_length == 0 ||
        !utf8_valid(u->text, u->text_length) || !utf8_valid(u->key, u->key_length) ||
        strlen(u->text) != u->text_length || strlen(u->key) != u->key_length)
        abort();
    if (username_make(u->text, u->text_length, &again, &reason) != OK ||
        strcmp(again->text, u->text) != 0 || strcmp(again->key, u->key) != 0)
        abort();
    username_unref(&again);
    username_unref(&u);
}

static void check_room(const char *input, size_t length)
{
    char room[ROOM_NAME_MAX_BYTES + 1], again[ROOM_NAME_MAX_BYTES + 1];
    const char *reason = NULL;

    if (room_name_make(input, length, room, &reason) != OK) {
        if (reason == NULL)
            abort();
        return;
    }
    if (room[0] == '\0' || !utf8_valid(room, strlen(room)))
        abort();
    if (room_name_make(room, strlen(room), again, &reason) != OK || strcmp(room, again) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *input = malloc(size + 1);

    memcpy(input, data, size);
    check_username(input, size);
    check_room(input, size);
    free(input);
    return 0;
}
