/* Makes the n-th of some calls fail. A test that wants it is linked with --wrap for each of them
 * (see the Makefile) and says here which wrapped functions it has. Nothing in src/ knows of it. */
#ifndef FIRN_UNIT_FAULT_H
#define FIRN_UNIT_FAULT_H

#include <stdbool.h>

struct fault {
	int left;   /* calls until the one that fails; 0: none will */
	bool fired;
};

static struct fault fault;

/* From here on the n-th call fails, n = 1, 2, ... */
static inline void fault_arm(int n)
{
	fault = (struct fault){.left = n};
}

/* True where the n-th call was reached. */
static inline bool fault_disarm(void)
{
	fault.left = 0;
	return fault.fired;
}

/* For the wrapped functions: is it this call? */
static inline bool fault_here(void)
{
	if (fault.left == 0 || --fault.left > 0)
		return false;
	fault.fired = true;
	return true;
}

#endif
