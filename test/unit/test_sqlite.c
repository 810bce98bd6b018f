#include "unit/journal_contract_rig.h"
#include "support/sqlite_file.h"
#include "journal/sqlite.h"

/* ---- the contract, on files ---- */

struct journal_files {
    char path[SQLITE_FILE_PATH]; /* of the journal that is open */
};

static struct journal *open_at(struct journal_files *f, const struct journal_listener *listener)
{
    struct sqlite_config config = {.path = f->path};

    return sqlite_journal_open(&config, listener);
}

static struct journal *create(void *arg, const struct journal_listener *listener)
{
    struct journal_files *f = arg;

    sqlite_file_choose(f->path);
    return open_at(f, listener);
}

static struct journal *reopen(void *arg, struct journal *j, const struct journal_listener *listener)
{
    j->ops->destroy(j);
    return open_at(arg, listener);
}

static void destroy(void *arg, struct journal *j)
{
    struct journal_files *f = arg;

    j->ops->destroy(j);
    sqlite_file_remove(f->path);
}

int main(void)
{
    struct journal_files files;
    struct journal_factory factory = {create, reopen, destroy, &files};

    return journal_contract_run(&factory);
}
