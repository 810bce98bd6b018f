/* json_tree - JSON values into frames, and pieces of finished JSON put together.
 * Threads:    any.
 * Owns:       what the functions return or take over is said at each.
 * Invariant:  NULL is passed on, so that a chain of constructors needs one check at its end.
 * Fails:      NULL or ERR_NOMEM when memory is short. */
#ifndef HUBBUB_CORE_JSON_TREE_H
#define HUBBUB_CORE_JSON_TREE_H

#include "base/err.h"

#include <jansson.h>
#include <stddef.h>

struct segment;
struct username;

/* Takes over object; the text is the caller's, for mem_free. */
char *json_tree_text(json_t *object);

/* Takes over object and appends it as a text frame. */
MUST_USE enum err json_tree_frame(struct segment *into, json_t *object);

/* Takes over object, which has one member at least, and appends it with one more: an array, of texts that
 * are JSON already. */
MUST_USE enum err json_tree_frame_with_array(struct segment *into, json_t *object, const char *name,
                                             const char *const *texts, size_t count);

/* Sets or appends value, which they take over, in an object or array of the caller's. One that has not got all it was
 * to have becomes NULL: who is short of memory tells nothing rather than half of it. */
void json_put(json_t **object, const char *name, json_t *value);
void json_append(json_t **array, json_t *value);

/* New references. The strings are known to be UTF-8. */
json_t *json_name(const struct username *user);
json_t *json_names(struct username *const *users, size_t count);

#endif
