/* Windows cannot copy a process; what needs a child says so and ends. The service there is Task
 * Scheduler, which starts `firn run` by itself. */
#include "base/child.h"

bool child_start(struct child **ret, int (*work)(void *user, struct buf *report), void *user,
		 struct err *reterr)
{
	(void)ret;
	(void)work;
	(void)user;
	return err_set(reterr, ERR_USAGE,
		       "Windows cannot run work in a copy of this process; let Task Scheduler "
		       "start 'firn run' instead");
}

/* Nobody has a child to ask these about. */
bool child_ended(struct child *child, struct child_end *ret, struct buf *report)
{
	(void)child;
	(void)report;
	*ret = (struct child_end){.code = -1};
	return true;
}

int child_id(const struct child *child)
{
	(void)child;
	return 0;
}

void child_stop(struct child *child)
{
	(void)child;
}

void child_kill(struct child *child)
{
	(void)child;
}

void child_free(struct child *child)
{
	(void)child;
}
