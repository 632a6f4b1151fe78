/* fork, and not a program started anew: what the parent has read and checked stays what the child
 * works with, also when the file has been broken meanwhile. base/process.h starts other programs,
 * from any thread; that needs posix_spawn. */
#include "base/child.h"

#include "base/bounds.h"
#include "base/file.h"
#include "base/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/prctl.h>
#endif

struct child {
	pid_t pid;
	int report_fd;
	bool ended;
};

/* The parent may die between fork and prctl: then nobody sends the signal any more. */
static void end_with_parent(pid_t parent)
{
#if defined(__linux__)
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
#endif
	if (getppid() != parent)
		_exit(1);
}

static _Noreturn void be_child(int fd, pid_t parent,
			       int (*work)(void *user, struct buf *report), void *user)
{
	struct buf report;
	struct err ignored;
	(void)setpgid(0, 0);
	signals_release();
	end_with_parent(parent);
	buf_init(&report, CHILD_REPORT_BYTES);
	int code = work(user, &report);
	(void)!file_write_all(fd, buf_span(&report), &ignored);
	fflush(NULL);
	/* Not exit: what the parent has registered for its own end is not ours. */
	_exit(code);
}

bool child_start(struct child **ret, int (*work)(void *user, struct buf *report), void *user,
		 struct err *reterr)
{
	int ends[2];
	pid_t parent = getpid();
	struct child *child = calloc(1, sizeof *child);
	if (child == NULL)
		return err_memory(reterr);
	/* A full pipe never holds a child up: its report is smaller than any pipe. */
	if (pipe2(ends, O_CLOEXEC) != 0) {
		free(child);
		return err_sys(reterr, "cannot start a process");
	}
	fflush(NULL); /* or the child would write it once more */
	child->pid = fork();
	if (child->pid == 0) {
		close(ends[0]);
		be_child(ends[1], parent, work, user);
	}
	close(ends[1]);
	child->report_fd = ends[0];
	if (child->pid < 0) {
		err_sys(reterr, "cannot start a process");
		child->ended = true;
		child_free(child);
		return false;
	}
	*ret = child;
	return true;
}

static void read_report(struct child *child, struct buf *report)
{
	char piece[4 * KIB];
	ssize_t n;
	do {
		n = read(child->report_fd, piece, sizeof piece);
		if (n > 0)
			buf_add(report, piece, (size_t)n);
	} while (n > 0 || (n < 0 && errno == EINTR));
}

bool child_ended(struct child *child, struct child_end *ret, struct buf *report)
{
	int status;
	pid_t pid;
	do
		pid = waitpid(child->pid, &status, WNOHANG);
	while (pid < 0 && errno == EINTR);
	if (pid == 0)
		return false;
	child->ended = true;
	*ret = (struct child_end){.code = -1};
	if (pid == child->pid && WIFEXITED(status))
		ret->code = WEXITSTATUS(status);
	else if (pid == child->pid && WIFSIGNALED(status))
		ret->signal = WTERMSIG(status);
	/* Something that it has started may hold the other end open. */
	(void)fcntl(child->report_fd, F_SETFL, O_NONBLOCK);
	read_report(child, report);
	return true;
}

int child_id(const struct child *child)
{
	return (int)child->pid;
}

void child_stop(struct child *child)
{
	kill(child->pid, SIGTERM);
}

void child_kill(struct child *child)
{
	kill(child->pid, SIGKILL);
}

void child_free(struct child *child)
{
	if (child == NULL)
		return;
	if (!child->ended) {
		child_kill(child);
		while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	file_close(child->report_fd);
	free(child);
}
