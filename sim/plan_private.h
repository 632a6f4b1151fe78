/* Between plan.c, select.c and order.c. */
#ifndef FIRN_SIM_PLAN_PRIVATE_H
#define FIRN_SIM_PLAN_PRIVATE_H

#include "plan.h"

/* Fills n and runs or rows; `users` holds every user's newest publication (plans of users).
 * False: no memory. */
bool plan_select(struct plan *plan, const int32_t *users);
/* Puts plan->rows into the order that was asked for. False: no memory. */
bool plan_sort(struct plan *plan);

#endif
