#include "core/json_tree.h"
#include "base/mem.h"
#include "core/frame.h"
#include "core/name.h"

#include <stdlib.h>
#include <string.h>

char *json_tree_text(json_t *object)
{
    char *text = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;

    json_decref(object);
    return text;
}

enum err json_tree_frame(struct segment *into, json_t *object)
{
    char *text = json_tree_text(object);
    enum err e = text != NULL ? frame_text(into, text, strlen(text)) : ERR_NOMEM;

    free(text);
    return e;
}

void json_put(json_t **object, const char *name, json_t *value)
{
    if (json_object_set_new(*object, name, value) == 0)
        return;
    json_decref(*object);
    *object = NULL;
}

void json_append(json_t **array, json_t *value)
{
    if (json_array_append_new(*array, value) == 0)
        return;
    json_decref(*array);
    *array = NULL;
}

static char *append(char *at, const char *text, size_t length)
{
    return (char *)memcpy(at, text, length) + length;
}

enum err json_tree_frame_with_array(struct segment *into, json_t *object, const char *name,
                                    const char *const *texts, size_t count)
{
    char *head = json_tree_text(object), *all = NULL, *at;
    size_t length;
    enum err e = ERR_NOMEM;

    if (head == NULL)
        return ERR_NOMEM;
    length = strlen(head) + strlen(name) + sizeof ",\"\":[]";
    for (size_t i = 0; i < count; i++)
        length += strlen(texts[i]) + 1;
    all = mem_try(length);
    if (all == NULL)
        goto out;
    at = append(all, head, strlen(head) - 1); /* without its brace */
    at = append(at, ",\"", 2);
    at = append(at, name, strlen(name));
    at = append(at, "\":[", 3);
    for (size_t i = 0; i < count; i++) {
        if (i != 0)
            *at++ = ',';
        at = append(at, texts[i], strlen(texts[i]));
    }
    at = append(at, "]}", 2);
    e = frame_text(into, all, (size_t)(at - all));
out:
    mem_free(all);
    free(head);
    return e;
}

json_t *json_name(const struct username *user)
{
    return json_stringn_nocheck(user->text, user->text_length);
}

json_t *json_names(struct username *const *users, size_t count)
{
    json_t *names = json_array();

    for (size_t i = 0; i < count; i++)
        json_append(&names, json_name(users[i]));
    return names;
}
