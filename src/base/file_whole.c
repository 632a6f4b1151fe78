/* A whole file into memory, on every system; the calls that differ are behind file_private.h. */
#include "base/bounds.h"
#include "base/file_private.h"
#include "base/file_steps.h"

#include <errno.h>
#include <limits.h>

bool file_complain(const char *what, const char *path, struct err *reterr)
{
	bool fault = file_is_users_fault(errno);
	err_sys(reterr, "cannot %s '%s'", what, path);
	if (fault)
		reterr->kind = ERR_USAGE;
	return false;
}

static bool read_all(int fd, const char *path, struct buf *ret, struct err *reterr)
{
	char beyond;
	int64_t bytes;
	struct err ignored; /* a pipe has no size */
	bool known = file_bytes(fd, &bytes, &ignored) && bytes > 0 && bytes < INT_MAX;
	/* One byte more than the file has shows its end without another growth. */
	size_t want = known ? (size_t)bytes + 1 : 16 * KIB;
	for (;;) {
		size_t n, left = ret->max - ret->size;
		size_t size = left == 0 ? 1 : want < left ? want : left;
		char *at = left == 0 ? &beyond : buf_reserve(ret, size);
		if (at == NULL)
			return buf_ok(ret, reterr);
		if (!step_read(fd, at, size, &n))
			return file_complain("read", path, reterr);
		if (left == 0)
			return n == 0 || err_set(reterr, ERR_DATA, "'%s' is larger than %zu bytes",
						 path, ret->max);
		ret->size += n;
		ret->data[ret->size] = '\0';
		if (n < size)
			return true; /* its end */
		want = 16 * KIB;
	}
}

bool file_read(const char *path, struct buf *ret, struct err *reterr)
{
	size_t before = ret->size;
	int fd = file_open_any(path);
	if (fd < 0)
		return file_complain("open", path, reterr);
	bool done = read_all(fd, path, ret, reterr);
	if (!done)
		buf_cut(ret, before);
	file_close(fd);
	return done;
}
