#include "base/mem.h"
#include "core/ports.h"

#include <string.h>

struct query *query_make(enum query_kind kind, struct session_id origin, const char *room_key)
{
    struct query *q = mem_alloc(sizeof *q);

    q->kind = kind;
    q->origin = origin;
    q->carrier = event_make_answer();
    if (room_key != NULL)
        query_add_room(q, room_key);
    return q;
}

void query_add_room(struct query *q, const char *room_key)
{
    char **rooms = mem_alloc((q->room_count + 1) * sizeof(char *));

    if (q->room_count != 0)
        memcpy(rooms, q->rooms, q->room_count * sizeof(char *));
    mem_free(q->rooms);
    q->rooms = rooms;
    q->rooms[q->room_count++] = mem_strdup(room_key);
}

bool query_wants_too_much(const struct query *q)
{
    return q->wants_all && q->seq < q->head.seq &&
           (q->head.seq - q->seq > q->limit || q->seq + 1 < q->head.oldest);
}

static void free_texts(char **texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        mem_free(texts[i]);
    mem_free(texts);
}

void query_free(struct query *q)
{
    if (q == NULL)
        return;
    for (size_t i = 0; i < q->item_count; i++)
        event_unref(&q->items[i]);
    mem_free(q->items);
    if (q->item_rooms != NULL)
        free_texts(q->item_rooms, q->item_count);
    for (size_t i = 0; i < q->info_count; i++) {
        mem_free(q->infos[i].name);
        mem_free(q->infos[i].topic);
    }
    mem_free(q->infos);
    free_texts(q->rooms, q->room_count);
    mem_free(q->text);
    mem_free(q->cid);
    event_unref(&q->carrier);
    mem_free(q);
}

/* Room for one more in an array of count elements; it doubles at each power of two. */
static void *grown(void *array, size_t count, size_t size)
{
    if (count != 0 && (count & (count - 1)) != 0)
        return array;
    return mem_resize(array, (count != 0 ? 2 * count : 1) * size);
}

bool query_add_item(struct query *q, struct event *item, const char *room_key)
{
    struct event **items = grown(q->items, q->item_count, sizeof *items);
    char **rooms = q->item_rooms;

    if (items != NULL)
        q->items = items;
    if (room_key != NULL) {
        rooms = grown(q->item_rooms, q->item_count, sizeof *rooms);
        if (rooms != NULL)
            q->item_rooms = rooms;
    }
    if (items == NULL || (room_key != NULL && rooms == NULL)) {
        event_unref(&item);
        return false;
    }
    if (room_key != NULL)
        rooms[q->item_count] = mem_strdup(room_key);
    items[q->item_count++] = item;
    return true;
}

bool query_has_enough(const struct query *q, size_t first, size_t bytes)
{
    return q->bytes_max != 0 && q->item_count > first && bytes >= q->bytes_max;
}

bool query_is_over(const struct query *q, size_t *bytes)
{
    *bytes += event_text_size(q->items[q->item_count - 1]);
    return q->bytes_max != 0 && q->item_count > 1 && *bytes > q->bytes_max;
}

void query_reverse(struct query *q)
{
    for (size_t i = 0, k = q->item_count; i + 1 < k; i++) {
        struct event *e = q->items[--k];

        q->items[k] = q->items[i];
        q->items[i] = e;
    }
}

bool query_add_info(struct query *q, const char *name, const char *topic, uint64_t seq, uint64_t ts)
{
    struct room_info *infos = grown(q->infos, q->info_count, sizeof *infos);

    if (infos == NULL)
        return false;
    q->infos = infos;
    infos[q->info_count++] = (struct room_info){
        .name = mem_strdup(name), .topic = mem_strdup(topic), .seq = seq, .ts = ts};
    return true;
}
