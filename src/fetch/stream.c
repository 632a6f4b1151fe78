#include "fetch/stream.h"

/* What libcurl takes from such functions (curl.h: CURL_READFUNC_ABORT, CURL_SEEKFUNC_...). */
enum { GIVE_ABORT = 0x10000000, SEEK_DONE = 0, SEEK_FAILED = 1 };

void stream_init(struct stream *stream, const struct request *request)
{
	*stream = (struct stream){.source = request->body_from, .sink = request->take};
}

bool stream_take(struct stream *stream, struct span piece)
{
	if (!stream->failed)
		stream->failed = !stream->sink->take(stream->sink->user, piece, &stream->why);
	return !stream->failed;
}

size_t stream_give(char *to, size_t one, size_t room, void *user)
{
	struct stream *stream = user;
	size_t size = 0;
	if (!stream->failed)
		stream->failed = !stream->source->read(stream->source->user, to, one * room,
						       &size, &stream->why);
	return stream->failed ? GIVE_ABORT : size;
}

int stream_seek(void *user, int64_t offset, int origin)
{
	struct stream *stream = user;
	if (offset != 0 || origin != 0 /* SEEK_SET */)
		return SEEK_FAILED; /* libcurl only ever begins again */
	if (!stream->failed)
		stream->failed = !stream->source->again(stream->source->user, &stream->why);
	return stream->failed ? SEEK_FAILED : SEEK_DONE;
}

void stream_settle(const struct stream *stream, struct response *answer)
{
	response_done(answer);
	answer->end = EXCHANGE_OURS;
	answer->status = 0;
	answer->date_us = 0;
	answer->retry_after_ms = -1;
	answer->why = stream->why;
}
