#include "base/notify.h"

#include "base/clock.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { NOTIFY_BYTES = 1024 };

struct notify {
	int fd; /* -1: nobody listens */
	struct sockaddr_un to;
	socklen_t to_size;
};

bool notify_open(struct notify **ret, const char *socket_name, struct err *reterr)
{
	struct notify *notify = calloc(1, sizeof *notify);
	if (notify == NULL)
		return err_memory(reterr);
	notify->fd = -1;
	size_t size = socket_name == NULL ? 0 : strlen(socket_name);
	if (size > 0 && size < sizeof notify->to.sun_path &&
	    (socket_name[0] == '/' || socket_name[0] == '@')) {
		notify->to.sun_family = AF_UNIX;
		memcpy(notify->to.sun_path, socket_name, size);
		if (socket_name[0] == '@')
			notify->to.sun_path[0] = '\0';
		notify->to_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);
		notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	}
	*ret = notify;
	return true;
}

void notify_close(struct notify *notify)
{
	if (notify == NULL)
		return;
	if (notify->fd >= 0)
		close(notify->fd);
	free(notify);
}

static void send_text(struct notify *notify, const char *text)
{
	if (notify->fd >= 0)
		(void)sendto(notify->fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT,
			     (const struct sockaddr *)&notify->to, notify->to_size);
}

void notify_ready(struct notify *notify)
{
	send_text(notify, "READY=1");
}

/* The time is for units of Type=notify-reload, which wait for a READY=1 that is newer. */
void notify_reloading(struct notify *notify)
{
	char text[64];
	snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%lld",
		 (long long)clock_mono_ms() * 1000);
	send_text(notify, text);
}

void notify_stopping(struct notify *notify)
{
	send_text(notify, "STOPPING=1");
}

void notify_alive(struct notify *notify)
{
	send_text(notify, "WATCHDOG=1");
}

void notify_status(struct notify *notify, const char *text)
{
	char line[NOTIFY_BYTES];
	snprintf(line, sizeof line, "STATUS=%s", text);
	for (char *end = strchr(line, '\n'); end != NULL; end = strchr(end, '\n'))
		*end = ' '; /* another line would be another word to systemd */
	send_text(notify, line);
}
