/* What the two halves of the contract share. */
#ifndef HUBBUB_TEST_JOURNAL_CONTRACT_RIG_H
#define HUBBUB_TEST_JOURNAL_CONTRACT_RIG_H

#include "support/cm.h"
#include "support/journal_rig.h"

/* A test with a rig of its own in *state. */
#define contract_test(test) cmocka_unit_test_setup_teardown(test, contract_setup, contract_teardown)

int contract_setup(void **state);
int contract_teardown(void **state);

/* How many failed. */
int contract_run_reads(void);

#endif
