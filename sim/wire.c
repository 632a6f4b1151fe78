#include "wire.h"

#include "truth.h"

#include <stdlib.h>
#include <sys/socket.h>

enum { BLOCK_BYTES = 64 * 1024, FLUSH_MS = 60 };

/* A body given piece by piece. */
struct source {
	struct sim *sim;
	struct buf body;
	struct truth *truth;
	struct twist twist;
	uint64_t stop; /* the byte where it happens */
	uint64_t before; /* bytes of a truth that were given and forgotten */
	bool happened;
	int socket;
};

/* Linux sends a RST when a connected socket is connected to nothing. */
void wire_reset(int socket)
{
	struct sockaddr nothing = {.sa_family = AF_UNSPEC};
	(void)connect(socket, &nothing, sizeof nothing);
}

static void source_free(void *user)
{
	struct source *source = user;
	buf_done(&source->body);
	truth_close(source->truth);
	free(source);
}

static ssize_t give(const struct buf *body, uint64_t from, uint64_t until, char *out, size_t room)
{
	uint64_t size = until - from < room ? until - from : room;
	memcpy(out, body->data + from, size);
	return (ssize_t)size;
}

/* What was there before has to be on its way before something happens to the connection. */
static ssize_t happen(struct source *source)
{
	switch (source->twist.wire) {
	case WIRE_HANG:
		source->happened = true;
		if (!moment_sleep_ms(source->sim->moment, source->twist.wait_ms))
			return MHD_CONTENT_READER_END_WITH_ERROR;
		return 0;
	case WIRE_RESET:
		(void)moment_sleep_ms(source->sim->moment, FLUSH_MS);
		wire_reset(source->socket);
		return MHD_CONTENT_READER_END_WITH_ERROR;
	default: return MHD_CONTENT_READER_END_WITH_ERROR;
	}
}

static ssize_t read_body(void *user, uint64_t position, char *out, size_t room)
{
	struct source *source = user;
	const struct twist *twist = &source->twist;
	uint64_t size = source->body.size;
	if (position >= size)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (twist->wire == WIRE_DRIP) {
		if (position > 0 && !moment_sleep_ms(source->sim->moment, twist->wait_ms))
			return MHD_CONTENT_READER_END_WITH_ERROR;
		if (room > twist->drip_bytes && twist->drip_bytes > 0)
			room = (size_t)twist->drip_bytes;
	}
	bool breaks = twist->wire == WIRE_TORN || twist->wire == WIRE_RESET ||
		      twist->wire == WIRE_HANG;
	if (!breaks || source->happened)
		return give(&source->body, position, size, out, room);
	if (position >= source->stop) {
		ssize_t result = happen(source);
		return result != 0 ? result : give(&source->body, position, size, out, room);
	}
	return give(&source->body, position, source->stop, out, room);
}

static ssize_t read_truth(void *user, uint64_t position, char *out, size_t room)
{
	struct source *source = user;
	if (position - source->before >= source->body.size) {
		source->before += source->body.size;
		buf_clear(&source->body);
		if (!truth_next(source->truth, &source->body))
			return MHD_CONTENT_READER_END_OF_STREAM;
	}
	return give(&source->body, position - source->before, source->body.size, out, room);
}

/* The whole body in one piece: the usual road, without a copy. */
static struct MHD_Response *whole(struct buf *body)
{
	size_t size = body->size;
	char *data = buf_take(body);
	if (data == NULL)
		return NULL;
	struct MHD_Response *response =
		MHD_create_response_from_buffer_with_free_callback(size, data, free);
	if (response == NULL)
		free(data);
	return response;
}

struct MHD_Response *wire_response(struct sim *sim, struct outcome *outcome, int socket)
{
	struct buf *body = &outcome->answer.body;
	if (outcome->twist.wire == WIRE_WHOLE && outcome->truth == NULL)
		return whole(body);
	struct source *source = calloc(1, sizeof *source);
	if (source == NULL)
		return NULL;
	*source = (struct source){
		.sim = sim, .body = *body, .truth = outcome->truth, .twist = outcome->twist,
		.stop = answer_place(outcome->twist.at, body->size), .socket = socket,
	};
	bool known = outcome->truth == NULL && outcome->twist.wire != WIRE_CHUNKED;
	buf_init(body, body->max);
	outcome->truth = NULL;
	struct MHD_Response *response = MHD_create_response_from_callback(
		known ? source->body.size : MHD_SIZE_UNKNOWN, BLOCK_BYTES,
		source->truth != NULL ? read_truth : read_body, source, source_free);
	if (response == NULL)
		source_free(source);
	return response;
}
