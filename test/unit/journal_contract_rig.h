/* What the parts of the contract share. */
#ifndef HUBBUB_TEST_JOURNAL_CONTRACT_RIG_H
#define HUBBUB_TEST_JOURNAL_CONTRACT_RIG_H

#include "support/cm.h"
#include "support/journal_rig.h"

/* A test with a rig of its own in *state. */
#define contract_test(test) cmocka_unit_test_setup_teardown(test, contract_setup, contract_teardown)

int contract_setup(void **state);
int contract_teardown(void **state);

/* Each item as rig_tell tells it. */
void contract_expect_items(const struct query *q, const char *const *texts, size_t count);
#define EXPECT_ITEMS(q, ...)                                                                       \
    contract_expect_items(q, (const char *const[]){__VA_ARGS__},                                   \
                          sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

/* How many failed. */
int contract_run_reads(void);
int contract_run_search(void);

#endif
