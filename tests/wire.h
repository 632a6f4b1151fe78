/* A server inside the test's own process that sends exactly the bytes which the test says. Each
 * connection has a thread; the test's function is called with every request that came whole and
 * writes the answer by hand. */
#ifndef FIRN_TESTS_WIRE_H
#define FIRN_TESTS_WIRE_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { WIRE_PEERS_MAX = 256, WIRE_REQUEST_BYTES = 2 * 1024 * 1024 };

struct wire;

struct wire_peer {
	struct wire *wire;
	pthread_t thread;
	int fd;
	void *tls;      /* of a wire that has `greet` */
	char *request;  /* head and body, NUL behind */
	size_t size;    /* of both */
	int asked_n;    /* requests on this connection, this one too */
};

struct wire {
	/* Answers; false: the connection ends. */
	bool (*answer)(struct wire_peer *peer);
	/* TLS, or NULL: after accept; before close; instead of read and write. */
	bool (*greet)(struct wire_peer *peer);
	void (*leave)(struct wire_peer *peer);
	long (*pull)(struct wire_peer *peer, void *data, size_t room);
	long (*push)(struct wire_peer *peer, const void *data, size_t size);
	void *user;

	int fd, port, family;
	char base[80]; /* "http://127.0.0.1:PORT" */
	pthread_t thread;
	pthread_mutex_t lock;
	struct wire_peer *peers[WIRE_PEERS_MAX];
	int peers_n;
	atomic_int asked_n, open_n, open_most, accepted_n;
	atomic_bool ending;
	char last[WIRE_REQUEST_BYTES]; /* the newest request, under the lock */
};

static inline void wire_sleep_ms(int ms)
{
	struct timespec time = {ms / 1000, ms % 1000 * 1000000L};
	while (nanosleep(&time, &time) != 0 && errno == EINTR)
		continue;
}

/* Waits until the other side has gone, or for ms. */
static inline void wire_linger(struct wire_peer *peer, int ms)
{
	struct pollfd ready = {.fd = peer->fd, .events = POLLIN};
	poll(&ready, 1, ms);
}

static inline bool wire_send(struct wire_peer *peer, const void *data, size_t size)
{
	const char *at = data;
	while (size > 0) {
		long n = peer->wire->push != NULL ? peer->wire->push(peer, at, size)
						  : send(peer->fd, at, size, MSG_NOSIGNAL);
		if (n <= 0)
			return false;
		at += n;
		size -= (size_t)n;
	}
	return true;
}

static inline bool wire_say(struct wire_peer *peer, const char *text)
{
	return wire_send(peer, text, strlen(text));
}

__attribute__((format(printf, 2, 3))) static inline bool wire_sayf(struct wire_peer *peer,
								   const char *format, ...)
{
	char text[8192];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	return wire_say(peer, text);
}

/* A whole answer: status line and headers without the last empty line, and a body. */
static inline bool wire_answer(struct wire_peer *peer, const char *head, const char *body)
{
	return wire_sayf(peer, "%s\r\nContent-Length: %zu\r\n\r\n", head, strlen(body)) &&
	       wire_say(peer, body);
}

/* Ends the connection by a reset. */
static inline void wire_reset(struct wire_peer *peer)
{
	struct linger now = {1, 0};
	setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

/* The value of a header of the request into out; false: it is not there. */
static inline bool wire_header(const struct wire_peer *peer, const char *name, char *out,
			       size_t room)
{
	size_t size = strlen(name);
	for (const char *line = strstr(peer->request, "\r\n"); line != NULL;
	     line = strstr(line, "\r\n")) {
		line += 2;
		if (strncasecmp(line, name, size) != 0 || line[size] != ':')
			continue;
		const char *value = line + size + 1 + (line[size + 1] == ' ');
		snprintf(out, room, "%.*s", (int)strcspn(value, "\r\n"), value);
		return true;
	}
	return false;
}

static inline bool wire_path_is(const struct wire_peer *peer, const char *path)
{
	const char *start = strchr(peer->request, ' ');
	size_t size = strlen(path);
	return start != NULL && strncmp(start + 1, path, size) == 0 &&
	       (start[1 + size] == ' ' || start[1 + size] == '?');
}

/* One whole request, by Content-Length; false: the other side has gone. */
static inline bool wire_take(struct wire_peer *peer)
{
	peer->size = 0;
	for (;;) {
		peer->request[peer->size] = '\0';
		char *end = strstr(peer->request, "\r\n\r\n");
		if (end != NULL) {
			char length[32] = "0";
			wire_header(peer, "Content-Length", length, sizeof length);
			size_t whole = (size_t)(end + 4 - peer->request) +
				       strtoul(length, NULL, 10);
			if (peer->size >= whole || whole >= WIRE_REQUEST_BYTES)
				break;
		}
		size_t room = WIRE_REQUEST_BYTES - 1 - peer->size;
		long n = peer->wire->pull != NULL
				 ? peer->wire->pull(peer, peer->request + peer->size, room)
				 : recv(peer->fd, peer->request + peer->size, room, 0);
		if (n <= 0)
			return false;
		peer->size += (size_t)n;
	}
	peer->asked_n++;
	atomic_fetch_add(&peer->wire->asked_n, 1);
	pthread_mutex_lock(&peer->wire->lock);
	memcpy(peer->wire->last, peer->request, peer->size + 1);
	pthread_mutex_unlock(&peer->wire->lock);
	return true;
}

static inline void *wire_serve(void *user)
{
	struct wire_peer *peer = user;
	struct wire *wire = peer->wire;
	if (wire->greet == NULL || wire->greet(peer)) {
		while (!atomic_load(&wire->ending) && wire_take(peer) && wire->answer(peer))
			continue;
	}
	if (wire->leave != NULL)
		wire->leave(peer);
	pthread_mutex_lock(&wire->lock);
	close(peer->fd);
	peer->fd = -1;
	pthread_mutex_unlock(&wire->lock);
	atomic_fetch_sub(&wire->open_n, 1);
	return NULL;
}

static inline void *wire_accept(void *user)
{
	struct wire *wire = user;
	for (;;) {
		int fd = accept(wire->fd, NULL, NULL), one = 1;
		if (fd < 0 || atomic_load(&wire->ending) || wire->peers_n == WIRE_PEERS_MAX) {
			if (fd >= 0)
				close(fd);
			return NULL;
		}
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
		struct wire_peer *peer = calloc(1, sizeof *peer);
		peer->wire = wire;
		peer->fd = fd;
		peer->request = calloc(1, WIRE_REQUEST_BYTES);
		pthread_mutex_lock(&wire->lock);
		wire->peers[wire->peers_n++] = peer;
		pthread_mutex_unlock(&wire->lock);
		atomic_fetch_add(&wire->accepted_n, 1);
		int open_n = atomic_fetch_add(&wire->open_n, 1) + 1;
		if (open_n > atomic_load(&wire->open_most))
			atomic_store(&wire->open_most, open_n);
		pthread_create(&peer->thread, NULL, wire_serve, peer);
	}
}

/* A socket that listens on loopback; -1: this machine has none of that family. */
static inline int wire_listen(int family, int backlog, int *ret_port)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	struct sockaddr *address = family == AF_INET ? (struct sockaddr *)&v4
						     : (struct sockaddr *)&v6;
	socklen_t size = family == AF_INET ? sizeof v4 : sizeof v6;
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, address, size) != 0 || listen(fd, backlog) != 0 ||
	    getsockname(fd, address, &size) != 0) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	*ret_port = ntohs(family == AF_INET ? v4.sin_port : v6.sin6_port);
	return fd;
}

/* Starts; answer (and the TLS functions, family) are set already. False: no such loopback. */
static inline bool wire_start(struct wire *wire)
{
	wire->family = wire->family == 0 ? AF_INET : wire->family;
	wire->fd = wire_listen(wire->family, 128, &wire->port);
	if (wire->fd < 0)
		return false;
	snprintf(wire->base, sizeof wire->base, "%s://%s:%d",
		 wire->greet == NULL ? "http" : "https",
		 wire->family == AF_INET ? "127.0.0.1" : "[::1]", wire->port);
	pthread_mutex_init(&wire->lock, NULL);
	if (pthread_create(&wire->thread, NULL, wire_accept, wire) != 0)
		abort();
	return true;
}

static inline void wire_stop(struct wire *wire)
{
	atomic_store(&wire->ending, true);
	shutdown(wire->fd, SHUT_RDWR);
	pthread_join(wire->thread, NULL);
	close(wire->fd);
	pthread_mutex_lock(&wire->lock);
	for (int i = 0; i < wire->peers_n; i++) {
		if (wire->peers[i]->fd >= 0)
			shutdown(wire->peers[i]->fd, SHUT_RDWR);
	}
	pthread_mutex_unlock(&wire->lock);
	for (int i = 0; i < wire->peers_n; i++) {
		pthread_join(wire->peers[i]->thread, NULL);
		free(wire->peers[i]->request);
		free(wire->peers[i]);
	}
	pthread_mutex_destroy(&wire->lock);
}

#endif
