#include "answer.h"

#include "base/bounds.h"
#include "base/json.h"

void answer_init(struct answer *answer)
{
	*answer = (struct answer){.status = 200, .type = "application/json; charset=utf-8"};
	buf_init(&answer->body, ANSWER_MAX);
}

void answer_done(struct answer *answer)
{
	buf_done(&answer->body);
}

void answer_json(struct answer *answer, unsigned status)
{
	buf_clear(&answer->body);
	answer->status = status;
	answer->type = "application/json; charset=utf-8";
	answer->rows = 0;
}

static const char *reason(unsigned status)
{
	switch (status) {
	case 400: return "BAD_REQUEST";
	case 401: return "UNAUTHORIZED";
	case 403: return "FORBIDDEN";
	case 404: return "NOT_FOUND";
	case 405: return "METHOD_NOT_ALLOWED";
	case 429: return "TOO_MANY_REQUESTS";
	default: return status < 500 ? "REFUSED" : "INTERNAL_ERROR";
	}
}

static void add_page(struct answer *answer, const char *title)
{
	answer->type = "text/html";
	buf_addf(&answer->body,
		 "<html>\r\n<head><title>%s</title></head>\r\n<body>\r\n<center><h1>%s</h1>"
		 "</center>\r\n<hr><center>gateway</center>\r\n</body>\r\n</html>\r\n",
		 title, title);
}

void answer_error(struct answer *answer, unsigned status, const char *style, const char *message)
{
	struct buf *body = &answer->body;
	char how = style == NULL ? 'f' : style[0];
	answer_json(answer, status);
	if (how == 'h') {
		add_page(answer, status == 502 ? "502 Bad Gateway" : "Error");
	} else if (how == 't') {
		answer->type = "text/plain";
		buf_addf(body, "%s\n", message);
	} else if (how == 'r') {
		buf_add_text(body, "{\"error\":true");
		json_add_string(body, "reason", message);
		buf_add_char(body, '}');
	} else if (how != 'e') {
		buf_add_text(body, how == 'n' ? "{\"error\":{" : "{");
		json_add_string(body, "code", reason(status));
		json_add_string(body, "message", message);
		buf_add_text(body, how == 'n' ? "}}" : "}");
	}
}

uint64_t answer_place(struct place at, uint64_t size)
{
	uint64_t bytes = at.share > 0 ? (uint64_t)(at.share * (double)size) : at.bytes;
	return bytes < size ? bytes : size;
}

/* Blanks before the last brace: as valid as it was. */
static void enlarge(struct buf *body, uint64_t bytes)
{
	if (body->size == 0)
		return;
	char last = body->data[body->size - 1];
	buf_cut(body, body->size - 1);
	char *at = buf_reserve(body, bytes);
	if (at == NULL)
		return;
	memset(at, ' ', bytes);
	body->size += bytes;
	buf_add_char(body, last);
}

void answer_spoil(struct answer *answer, const struct twist *twist)
{
	struct buf *body = &answer->body;
	switch (twist->body) {
	case BODY_HALF: buf_cut(body, (size_t)answer_place(twist->at, body->size)); break;
	case BODY_TRAILING:
		buf_cut(body, (size_t)answer_place(twist->at, body->size));
		buf_add_text(body, twist->trailing);
		break;
	case BODY_HTML:
		buf_clear(body);
		add_page(answer, "Please sign in");
		break;
	case BODY_EMPTY: buf_clear(body); break;
	case BODY_WHOLE: break;
	}
	if (twist->large_mib > 0)
		enlarge(body, twist->large_mib * MIB);
}
