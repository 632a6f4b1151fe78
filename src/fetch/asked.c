#include "fetch/asked.h"

#include "base/arena.h"
#include "base/bounds.h"
#include "base/text.h"

#include <assert.h>

/* RFC 9110, 5.6.2: what methods and names of headers are made of. */
static bool is_token(const char *text)
{
	for (const char *c = text; *c != '\0'; c++) {
		bool letter = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z');
		bool digit = *c >= '0' && *c <= '9';
		if (!letter && !digit && strchr("!#$%&'*+-.^_`|~", *c) == NULL)
			return false;
	}
	return text[0] != '\0';
}

static bool is_one_line(const char *text)
{
	for (const char *c = text; *c != '\0'; c++) {
		if (((unsigned char)*c < ' ' && *c != '\t') || *c == 0x7F)
			return false;
	}
	return true;
}

static bool check(const struct request *r, struct err *reterr)
{
	if (!is_token(r->method))
		return err_set(reterr, ERR_USAGE, "the method of a request is a word like GET");
	size_t size = 0;
	for (; r->url[size] != '\0'; size++) {
		if (r->url[size] <= ' ' || r->url[size] > '~')
			return err_set(reterr, ERR_USAGE,
				       "byte %zu of the URL must be percent-encoded", size + 1);
	}
	if (size > URL_BYTES_MAX)
		return err_set(reterr, ERR_USAGE, "the URL is longer than %d bytes", URL_BYTES_MAX);
	for (size_t i = 0; i < r->headers_n; i++) {
		if (!is_token(r->headers[i].name))
			return err_set(reterr, ERR_USAGE, "the name of header %zu is no word",
				       i + 1);
		if (!is_one_line(r->headers[i].value))
			return err_set(reterr, ERR_USAGE,
				       "the header %s holds a line's end or a control character",
				       r->headers[i].name);
	}
	return true;
}

/* Every request has a dozen: printf would cost more than what it writes. */
static char *join(struct arena *arena, struct span name, struct span between, struct span value)
{
	char *line = arena_alloc(arena, name.size + between.size + value.size + 1);
	if (line == NULL)
		return NULL;
	memcpy(line, name.at, name.size);
	memcpy(line + name.size, between.at, between.size);
	memcpy(line + name.size + between.size, value.at, value.size);
	return line;
}

static bool copy_headers(struct asked *a, const struct request *from)
{
	a->lines = arena_array(a->arena, from->headers_n + 2, sizeof *a->lines);
	if (a->lines == NULL)
		return false;
	for (size_t i = 0; i < from->headers_n; i++) {
		const struct header *header = &from->headers[i];
		struct span name = span_of(header->name);
		struct span between = header->value[0] == '\0' ? SPAN(";") : SPAN(": ");
		char *line = join(a->arena, name, between, span_of(header->value));
		if (line == NULL)
			return false;
		a->lines[a->lines_n++] = line;
		a->raw = a->raw || text_same_nocase(name, SPAN("Accept-Encoding"));
	}
	/* Where the request brings its own, that one goes out all the same. */
	a->lines[a->lines_n++] = "Expect:";
	a->lines[a->lines_n++] = "Content-Type:";
	a->request.headers = NULL;
	a->request.headers_n = 0;
	return true;
}

static bool copy(struct asked *a, const struct request *from, struct span origin)
{
	struct request *r = &a->request;
	*r = *from;
	r->method = arena_text(a->arena, span_of(from->method));
	r->url = arena_text(a->arena, span_of(from->url));
	if (from->shown != NULL)
		r->shown = arena_text(a->arena, span_of(from->shown));
	bool filled = strcmp(from->method, "POST") == 0 || strcmp(from->method, "PUT") == 0 ||
		      strcmp(from->method, "PATCH") == 0;
	if (r->body.at != NULL)
		r->body.at = arena_text(a->arena, from->body);
	else if (filled && r->body_from == NULL)
		r->body = SPAN("");
	a->origin = arena_text(a->arena, origin);
	if (r->method == NULL || r->url == NULL || a->origin == NULL || !copy_headers(a, from) ||
	    (from->shown != NULL && r->shown == NULL) ||
	    (from->body.at != NULL && r->body.at == NULL))
		return false;
	a->secure = span_starts(origin, SPAN("https:"));
	a->host = a->origin + (a->secure ? sizeof "https://" : sizeof "http://") - 1;
	return true;
}

bool asked_init(struct asked *ret, const struct request *request, struct err *reterr)
{
	struct buf origin;
	bool done = false;
	assert(request->method != NULL && request->url != NULL);
	*ret = (struct asked){0};
	buf_init(&origin, URL_BYTES_MAX);
	if (check(request, reterr) && url_origin(request->url, &origin, reterr)) {
		ret->arena = arena_new();
		done = (ret->arena != NULL && copy(ret, request, buf_span(&origin))) ||
		       err_memory(reterr);
	}
	if (!done) {
		if (request->shown != NULL)
			err_at(reterr, "%s", request->shown);
		asked_done(ret);
	}
	buf_done(&origin);
	return done;
}

void asked_done(struct asked *asked)
{
	arena_free(asked->arena);
	asked->arena = NULL;
}
